import { deflateSync } from 'node:zlib'

/** A line of text on a page: points from the left and from the bottom, as PDF counts. */
export interface PdfLine {
  readonly text: string
  readonly x: number
  readonly y: number
  readonly size?: number
  readonly isBold?: boolean
  /** Written in Chinese by GBK codes, in a font that is neither embedded nor mapped to Unicode. */
  readonly gbk?: string
}

export interface PdfPageSpec {
  readonly lines: readonly PdfLine[]
  /** Operators that draw beside the text: `50 700 m 300 700 l S`. */
  readonly drawing?: string
  /** A picture over the whole page: grey, that many pixels wide and high. */
  readonly picture?: { readonly width: number; readonly height: number; readonly pixels: Uint8Array }
  /** Operators as they are packed, in place of all of the above: `/FlateDecode`. */
  readonly packed?: { readonly filter: string; readonly bytes: Uint8Array }
}

/** Writes a PDF of letter-sized pages with the fonts every reader has. */
export function pdf(pages: readonly PdfPageSpec[]): Uint8Array {
  const objects: Buffer[] = []
  const add = (body: string | Buffer): number => objects.push(Buffer.from(body))
  add('<< /Type /Catalog /Pages 2 0 R >>')
  const kids = objects.push(Buffer.alloc(0)) - 1
  add('<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>')
  add('<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica-Bold /Encoding /WinAnsiEncoding >>')
  add('<< /Type /Font /Subtype /Type0 /BaseFont /SimSun /Encoding /GBK-EUC-H /DescendantFonts [6 0 R] >>')
  add(
    '<< /Type /Font /Subtype /CIDFontType0 /BaseFont /SimSun /CIDSystemInfo << /Registry (Adobe) /Ordering (GB1) /Supplement 2 >> /FontDescriptor 7 0 R /DW 1000 >>',
  )
  add(
    '<< /Type /FontDescriptor /FontName /SimSun /Flags 4 /FontBBox [0 -200 1000 900] /ItalicAngle 0 /Ascent 900 /Descent -200 /CapHeight 700 /StemV 80 >>',
  )
  const numbers = pages.map((page) => addPage(page, add))
  objects[kids] = Buffer.from(
    `<< /Type /Pages /Count ${numbers.length} /Kids [${numbers.map((number) => `${number} 0 R`).join(' ')}] >>`,
  )
  return write(objects)
}

function addPage(page: PdfPageSpec, add: (body: string | Buffer) => number): number {
  const picture = page.picture === undefined ? undefined : addPicture(page.picture, add)
  const shown = picture === undefined ? '' : 'q 612 0 0 792 0 0 cm /P Do Q\n'
  const content = Buffer.from(
    `${shown}${page.drawing ?? ''}\nBT\n${page.lines.map(toOperators).join('\n')}\nET`,
    'latin1',
  )
  const { filter, bytes } = page.packed ?? { filter: '/FlateDecode', bytes: deflateSync(content) }
  const head = `<< /Length ${bytes.length} /Filter ${filter} >>\nstream\n`
  const stream = add(Buffer.concat([Buffer.from(head), bytes, Buffer.from('\nendstream')]))
  const images = picture === undefined ? '' : `/XObject << /P ${picture} 0 R >> `
  return add(
    `<< /Type /Page /Parent 2 0 R /MediaBox [0 0 612 792] /Contents ${stream} 0 R /Resources << ${images}/Font << /F1 3 0 R /F2 4 0 R /F3 5 0 R >> >> >>`,
  )
}

function addPicture(picture: NonNullable<PdfPageSpec['picture']>, add: (body: Buffer) => number): number {
  const packed = deflateSync(picture.pixels)
  const head = `<< /Type /XObject /Subtype /Image /Width ${picture.width} /Height ${picture.height} /ColorSpace /DeviceGray /BitsPerComponent 8 /Filter /FlateDecode /Length ${packed.length} >>\nstream\n`
  return add(Buffer.concat([Buffer.from(head), packed, Buffer.from('\nendstream')]))
}

function toOperators({ text, x, y, size = 10, isBold, gbk }: PdfLine): string {
  const font = gbk !== undefined ? 'F3' : isBold === true ? 'F2' : 'F1'
  const words = gbk !== undefined ? `<${gbk}>` : `(${text.replace(/[\\()]/g, '\\$&')})`
  return `/${font} ${size} Tf 1 0 0 1 ${x} ${y} Tm ${words} Tj`
}

function write(objects: readonly Buffer[]): Uint8Array {
  const pieces: Buffer[] = [Buffer.from('%PDF-1.7\n%\u00e2\u00e3\u00cf\u00d3\n', 'latin1')]
  const offsets: number[] = []
  let length = pieces[0]?.length ?? 0
  for (const [index, body] of objects.entries()) {
    const piece = Buffer.concat([Buffer.from(`${index + 1} 0 obj\n`), body, Buffer.from('\nendobj\n')])
    offsets.push(length)
    pieces.push(piece)
    length += piece.length
  }
  const entries = offsets.map((offset) => `${String(offset).padStart(10, '0')} 00000 n \n`).join('')
  const table = `xref\n0 ${objects.length + 1}\n0000000000 65535 f \n${entries}`
  const trailer = `trailer\n<< /Size ${objects.length + 1} /Root 1 0 R >>\nstartxref\n${length}\n%%EOF\n`
  return Buffer.concat([...pieces, Buffer.from(table + trailer)])
}
