export { holdsMacros, openArchive, type Archive } from './archive.ts'
export { charsetOf, decodeText, findCharset, findCodePage, findUtf8, type DecodedText } from './decode.ts'
export { decodeNamed } from './shifted.ts'
export {
  childrenOf,
  findAll,
  findPath,
  hasBelow,
  isElement,
  readMarkup,
  textOf,
  TooManyNodes,
  type Element,
  type Markup,
  type Node,
  type TakenElements,
  type TextNode,
} from './markup.ts'
export { reasonOf, refuse, type Reason } from './refusal.ts'
export { decodeXml, encodingOf } from './xml.ts'
