/**
 * What a PDF says a stretch of glyphs stands for (ISO 32000-1, 14.9.4): the letters of a ligature, of an ornament, of a picture
 * made of blanks. The engine does not tell it, but it tells the names of marks; so the text is made the name.
 */
export function nameActualTexts(unpacked: Buffer): Buffer {
  if (!unpacked.includes('/ActualText') || !unpacked.includes('BDC')) return unpacked
  const named = unpacked
    .toString('latin1')
    .replace(
      /\/\w{1,40}\s{0,4}<<([^<>]{0,200})\/ActualText\s{0,4}<([0-9A-Fa-f\s]{0,400})>([^<>]{0,200})>>\s{0,4}BDC\b/g,
      (_, __, hex: string) => `/${prefix}${hex.replace(/\s/g, '')} BMC`,
    )
  return Buffer.from(named, 'latin1')
}

const prefix = 'ActualText.'

/** The text that a mark named above gives; undefined where it gives none that can be read. */
function readActualText(tag: unknown): string | undefined {
  if (typeof tag !== 'string' || !tag.startsWith(prefix)) return undefined
  const bytes = Buffer.from(tag.slice(prefix.length), 'hex')
  const isWide = bytes[0] === 0xfe && bytes[1] === 0xff && bytes.length % 2 === 0
  const text = isWide ? Buffer.from(bytes.subarray(2)).swap16().toString('utf16le') : bytes.toString('latin1')
  return /[\p{Cc}\p{Co}\p{Cs}]/u.test(text) ? undefined : text
}

/** Texts that stand for what is written within marks, mark within mark. */
export class ActualTexts {
  readonly #marks: { text: string | undefined; isUsed: boolean }[] = []
  /** Of a mark that ended before anything was written: it stands before what comes next. */
  #pending = ''

  begin(tag: unknown): void {
    this.#marks.push({ text: readActualText(tag), isUsed: false })
  }

  end(): void {
    const mark = this.#marks.pop()
    if (mark?.text !== undefined && !mark.isUsed && mark.text.trim() !== '') this.#pending = mark.text
  }

  /** What a written text stands for: itself, where no mark says otherwise. */
  read(written: string): string {
    const mark = this.#marks.find(({ text }) => text !== undefined)
    const text = mark === undefined ? written : mark.isUsed ? '' : (mark.text ?? '')
    if (mark !== undefined) mark.isUsed = true
    if (this.#pending === '' || text.trim() === '') return text
    const before = this.#pending
    this.#pending = ''
    return `${before} ${text}`
  }
}
