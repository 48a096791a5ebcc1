'use strict'

/** What pdfjs-dist asks of a canvas when it is loaded; it is never drawn on. */
module.exports = { DOMMatrix: class DOMMatrix {}, ImageData: class ImageData {}, Path2D: class Path2D {} }
