/** What the head of a picture says of it, before anything of it is unpacked. */
export interface PictureSize {
  readonly width: number
  readonly height: number
}

/** PNG, JPEG, GIF, BMP, WebP, TIFF; `undefined` when the head is of none of them, or not whole. */
export function measurePicture(bytes: Uint8Array): PictureSize | undefined {
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  try {
    const size = readSize(view)
    return size === undefined || size.width < 1 || size.height < 1 ? undefined : size
  } catch (thrown) {
    if (thrown instanceof RangeError) return undefined // It ends before its head does.
    throw thrown
  }
}

function readSize(view: Buffer): PictureSize | undefined {
  const head = view.toString('latin1', 0, 12)
  if (head.startsWith('\u0089PNG')) return { width: view.readUInt32BE(16), height: view.readUInt32BE(20) }
  if (head.startsWith('\u00ff\u00d8')) return measureJpeg(view)
  if (head.startsWith('GIF8')) return { width: view.readUInt16LE(6), height: view.readUInt16LE(8) }
  if (head.startsWith('BM')) return { width: view.readInt32LE(18), height: Math.abs(view.readInt32LE(22)) }
  if (head.slice(8) === 'WEBP') return measureWebp(view)
  return isTiff(view) ? measureFrame(view, toTiff(view).first) : undefined
}

function measureJpeg(view: Buffer): PictureSize | undefined {
  for (const { marker, at } of jpegSegments(view)) {
    // Starts of frames; C4, C8 and CC are tables.
    if (marker >= 0xc0 && marker <= 0xcf && ![0xc4, 0xc8, 0xcc].includes(marker)) {
      return { width: view.readUInt16BE(at + 5), height: view.readUInt16BE(at + 3) }
    }
  }
  return undefined
}

/** Segments before the picture itself; `at` is where their length stands. */
function* jpegSegments(view: Buffer): Generator<{ readonly marker: number; readonly at: number }> {
  let at = 2
  while (at + 4 <= view.length && view[at] === 0xff) {
    const marker = view.readUInt8(at + 1)
    if (marker === 0xff) {
      at++
      continue
    }
    if (marker === 0xda || marker === 0xd9) return
    yield { marker, at: at + 2 }
    at += 2 + Math.max(2, view.readUInt16BE(at + 2))
  }
}

function measureWebp(view: Buffer): PictureSize | undefined {
  switch (view.toString('latin1', 12, 16)) {
    case 'VP8 ':
      return { width: view.readUInt16LE(26) & 0x3fff, height: view.readUInt16LE(28) & 0x3fff }
    case 'VP8L': {
      const bits = view.readUInt32LE(21)
      return { width: (bits & 0x3fff) + 1, height: ((bits >>> 14) & 0x3fff) + 1 }
    }
    case 'VP8X':
      return { width: view.readUIntLE(24, 3) + 1, height: view.readUIntLE(27, 3) + 1 }
    default:
      return undefined
  }
}

/** 1…8: how the picture lies, as EXIF counts; 1 when it says nothing. */
export function orientationOf(bytes: Uint8Array): number {
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  try {
    if (view[0] !== 0xff || view[1] !== 0xd8) return 1
    for (const { marker, at } of jpegSegments(view)) {
      if (marker !== 0xe1 || view.toString('latin1', at + 2, at + 6) !== 'Exif') continue
      const inner = view.subarray(at + 8)
      const value = isTiff(inner) ? readTag(inner, toTiff(inner).first, 0x0112) : undefined
      return value !== undefined && value >= 1 && value <= 8 ? value : 1
    }
  } catch (thrown) {
    if (!(thrown instanceof RangeError)) throw thrown
  }
  return 1
}

function isTiff(view: Buffer): boolean {
  const head = view.toString('latin1', 0, 4)
  return head === 'II*\0' || head === 'MM\0*'
}

interface Tiff {
  readonly isLittle: boolean
  /** Where its first directory stands. */
  readonly first: number
}

function toTiff(view: Buffer): Tiff {
  const isLittle = view[0] === 0x49
  return { isLittle, first: isLittle ? view.readUInt32LE(4) : view.readUInt32BE(4) }
}

function readTag(view: Buffer, directory: number, tag: number): number | undefined {
  const { isLittle } = toTiff(view)
  const short = (at: number): number => (isLittle ? view.readUInt16LE(at) : view.readUInt16BE(at))
  for (let entry = 0; entry < short(directory); entry++) {
    const at = directory + 2 + entry * 12
    if (short(at) !== tag) continue
    if (short(at + 2) === 3) return short(at + 8)
    return isLittle ? view.readUInt32LE(at + 8) : view.readUInt32BE(at + 8)
  }
  return undefined
}

function measureFrame(view: Buffer, directory: number): PictureSize | undefined {
  const [width, height] = [readTag(view, directory, 256), readTag(view, directory, 257)]
  return width === undefined || height === undefined ? undefined : { width, height }
}

/** Where each picture of a file begins: TIFF holds as many as a fax has pages, every other format one. At most `max`. */
export function listFrames(bytes: Uint8Array, max: number): readonly number[] {
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  if (!isTiff(view)) return [0]
  const { isLittle, first } = toTiff(view)
  const frames: number[] = []
  try {
    let at = first
    while (at !== 0 && !frames.includes(at) && frames.length < max) {
      const entries = isLittle ? view.readUInt16LE(at) : view.readUInt16BE(at)
      const next = at + 2 + entries * 12
      frames.push(at)
      at = isLittle ? view.readUInt32LE(next) : view.readUInt32BE(next)
    }
  } catch (thrown) {
    if (!(thrown instanceof RangeError)) throw thrown // It ends before the next one.
  }
  return frames.length === 0 ? [first] : frames
}

/** The file as if one of its pictures were its first. */
export function frameOf(bytes: Uint8Array, frame: number): Uint8Array {
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  if (!isTiff(view) || toTiff(view).first === frame) return bytes
  const copy = Buffer.from(view)
  if (toTiff(view).isLittle) copy.writeUInt32LE(frame, 4)
  else copy.writeUInt32BE(frame, 4)
  return copy
}
