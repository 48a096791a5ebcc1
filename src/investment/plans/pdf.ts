import type { Invoice } from './invoice.ts'
import { toPage, type InvoiceLanguage } from './page.ts'

/*
 * A PDF 1.5 of text alone, written by hand because it is all an invoice needs: Helvetica for Latin letters, and for all
 * others the predefined font STSong-Light with the predefined encoding UniGB-UTF16-H (PDF 32000-1, 9.7.5.2). Neither is
 * embedded: readers bring them, or put a Chinese font of their own in their place.
 */

const page = { width: 595, height: 842, margin: 56, size: 10, lead: 16 } as const
const columnsAt = [page.margin, 400, page.width - page.margin] as const

/** An invoice as PDF. Long descriptions go on in the next line, long invoices on the next page. */
export function toInvoicePdf(invoice: Invoice, language: InvoiceLanguage): Buffer {
  const content = toPage(invoice, language)
  const writer = createPages()
  writer.text(page.margin, content.title, 20)
  writer.down(2)
  for (const [name, value] of content.facts) {
    writer.text(page.margin, name)
    for (const line of wrap(value, page.width - 2 * page.margin - 90, page.size)) {
      writer.text(page.margin + 90, line)
      writer.down(1)
    }
  }
  writer.down(1)
  for (const row of [content.columns, ...content.rows]) writeRow(writer, row)
  writer.down(1)
  for (const [name, value] of content.totals) {
    writer.textTo(columnsAt[1], name)
    writer.textTo(columnsAt[2], value)
    writer.down(1)
  }
  writer.down(1)
  for (const line of wrap(content.foot, page.width - 2 * page.margin, 8)) {
    writer.text(page.margin, line, 8)
    writer.down(1)
  }
  return assemble(writer.end())
}

function writeRow(writer: Pages, [description, quantity, amount]: readonly [string, string, string]): void {
  writer.textTo(columnsAt[1], quantity)
  writer.textTo(columnsAt[2], amount)
  for (const line of wrap(description, columnsAt[1] - columnsAt[0] - 90, page.size)) {
    writer.text(columnsAt[0], line)
    writer.down(1)
  }
}

interface Pages {
  text(x: number, text: string, size?: number): void
  /** Ends at `x`. */
  textTo(x: number, text: string): void
  down(lines: number): void
  /** The content of each page. */
  end(): readonly string[]
}

function createPages(): Pages {
  const done: string[] = []
  let current = ''
  let y = page.height - page.margin
  const text = (x: number, words: string, size: number = page.size): void => {
    let at = x
    for (const run of toRuns(words)) {
      current += `BT /${run.font} ${size} Tf ${at.toFixed(2)} ${y.toFixed(2)} Td ${run.code} Tj ET\n`
      at += widthOf(run.text, size)
    }
  }
  return {
    text,
    textTo: (x, words) => text(x - widthOf(words, page.size), words),
    down(lines) {
      y -= lines * page.lead
      if (y >= page.margin) return
      done.push(current)
      current = ''
      y = page.height - page.margin
    },
    end: () => (current === '' ? done : [...done, current]),
  }
}

interface Run {
  readonly font: 'F1' | 'F2'
  readonly text: string
  readonly code: string
}

/** Text in stretches of one font. */
function toRuns(text: string): readonly Run[] {
  return [...text.matchAll(/[\u0020-\u007e]+|[^\u0020-\u007e]+/g)].map(([run]) => {
    if (/^[\u0020-\u007e]/.test(run)) {
      return { font: 'F1', text: run, code: `(${run.replaceAll(/[\\()]/g, (letter) => `\\${letter}`)})` }
    }
    const printed = run.replaceAll(/\p{Cc}/gu, ' ')
    return { font: 'F2', text: run, code: `<${Buffer.from(printed, 'utf16le').swap16().toString('hex')}>` }
  })
}

/** Lines no wider than `width`: broken at spaces, and anywhere in scripts that have none or words too long. */
function wrap(text: string, width: number, size: number): readonly string[] {
  const lines: string[] = []
  let line = ''
  for (const [token] of text.matchAll(/[\u0021-\u007e]{1,40}|\s+|[^\u0020-\u007e]/gu)) {
    if (line !== '' && widthOf(line + token, size) > width) {
      lines.push(line.trimEnd())
      line = token.trimStart()
    } else line += token
  }
  return line === '' && lines.length > 0 ? lines : [...lines, line]
}

function widthOf(text: string, size: number): number {
  let width = 0
  for (const letter of text) width += helvetica[letter.charCodeAt(0) - 32] ?? 1000
  return (width * size) / 1000
}

/** Advance widths of Helvetica from space to tilde, thousandths of the size (Adobe's font metrics). */
const helvetica: readonly number[] = [
  278, 278, 355, 556, 556, 889, 667, 191, 333, 333, 389, 584, 278, 333, 278, 278, 556, 556, 556, 556, 556, 556, 556,
  556, 556, 556, 278, 278, 584, 584, 584, 556, 1015, 667, 667, 722, 722, 667, 611, 778, 722, 278, 500, 667, 556, 833,
  722, 778, 667, 778, 722, 667, 611, 722, 667, 944, 667, 667, 611, 278, 278, 278, 469, 556, 333, 556, 556, 500, 556,
  556, 278, 556, 556, 222, 222, 500, 222, 833, 556, 556, 556, 556, 333, 500, 278, 556, 500, 722, 500, 500, 500, 334,
  260, 334, 584,
]

/** Objects, their places and the trailer. */
function assemble(pages: readonly string[]): Buffer {
  const kids = pages.map((_, index) => `${7 + index * 2} 0 R`).join(' ')
  const objects = [
    '<< /Type /Catalog /Pages 2 0 R >>',
    `<< /Type /Pages /Kids [${kids}] /Count ${pages.length} >>`,
    '<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>',
    '<< /Type /Font /Subtype /Type0 /BaseFont /STSong-Light-UniGB-UTF16-H /Encoding /UniGB-UTF16-H /DescendantFonts [5 0 R] >>',
    '<< /Type /Font /Subtype /CIDFontType0 /BaseFont /STSong-Light /CIDSystemInfo << /Registry (Adobe) /Ordering (GB1) /Supplement 5 >> /DW 1000 /FontDescriptor 6 0 R >>',
    '<< /Type /FontDescriptor /FontName /STSong-Light /Flags 6 /FontBBox [-25 -254 1000 880] /ItalicAngle 0 /Ascent 880 /Descent -120 /CapHeight 880 /StemV 93 >>',
    ...pages.flatMap((content, index) => [
      `<< /Type /Page /Parent 2 0 R /MediaBox [0 0 ${page.width} ${page.height}] /Resources << /Font << /F1 3 0 R /F2 4 0 R >> >> /Contents ${8 + index * 2} 0 R >>`,
      `<< /Length ${content.length} >>\nstream\n${content}endstream`,
    ]),
  ]
  let file = '%PDF-1.5\n'
  const offsets: number[] = []
  for (const [index, object] of objects.entries()) {
    offsets.push(file.length)
    file += `${index + 1} 0 obj\n${object}\nendobj\n`
  }
  const table = offsets.map((offset) => `${String(offset).padStart(10, '0')} 00000 n \n`).join('')
  const size = objects.length + 1
  file += `xref\n0 ${size}\n0000000000 65535 f \n${table}trailer\n<< /Size ${size} /Root 1 0 R >>\nstartxref\n${file.length}\n%%EOF\n`
  return Buffer.from(file, 'latin1')
}
