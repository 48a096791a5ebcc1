import type { FoldedText } from '../fold.ts'

/** Another reading of a part of a text, and where that part stands. */
export interface Hidden {
  readonly text: string
  readonly start: number
  readonly end: number
}

const readingsMax = 32
const readingLengthMax = 20_000

/**
 * What a text says in another way: in base 64 or base 16, in tag characters, in letters with gaps, with digits and marks for letters,
 * between marks, backwards. A reading is only another text to look at; that there is one says nothing.
 */
export function findHidden(text: string, folded: FoldedText): readonly Hidden[] {
  const found: Hidden[] = []
  for (const reading of readings(text, folded)) {
    found.push({ ...reading, text: reading.text.slice(0, readingLengthMax) })
    if (found.length >= readingsMax) break
  }
  return found
}

function* readings(text: string, folded: FoldedText): Generator<Hidden> {
  yield* decodeRuns(text, /[A-Za-z0-9+/_-]{32,}={0,2}/g, 'base64')
  yield* decodeRuns(text, /(?:[0-9a-fA-F]{2}){20,}/g, 'hex')
  yield* readTags(text)
  const whole = { start: 0, end: text.length }
  const start = folded.text.slice(0, readingLengthMax)
  // g-a-p-s and g a p s: letters that stand alone.
  if (/(?:^|[^a-z])(?:(?:[a-z0-9][ ._*|/-]{1,2}){5,}[a-z0-9]|(?:[a-z][._*|/-]){4,}[a-z])(?![a-z])/.test(start)) {
    // A wider gap parts words where letters are parted by one blank; else any reading without gaps is tried.
    const joined = folded.text.replaceAll(/([a-z0-9])[ ._*|/-](?=[a-z0-9](?:[ ._*|/-]|$))/g, '$1')
    yield { ...whole, text: splitWords(joined) }
  }
  if (/(?:\\[^\\]){8}/.test(start)) yield { ...whole, text: start.replaceAll('\\', '') }
  // Marks of their own between words; a text has some, a disguise is full of them.
  const marks = start.match(/ [-_.,;:] /g)?.length ?? 0
  if (marks >= 3 && marks * 60 >= start.length) yield { ...whole, text: start.replaceAll(/(?: [-_.,;:])+(?= )/g, '') }
  if ((start.match(mixed)?.length ?? 0) >= 2) {
    const letters = folded.text
      .replaceAll('11', 'll')
      .replaceAll(/[013456789$@€!|+]/g, (mark) => marksAsLetters[mark] ?? mark)
    yield { ...whole, text: letters }
  }
  if (/snoitcurtsni|stpmorp|tpmorp metsys|erongi|令指|词示提/.test(folded.text)) {
    yield { ...whole, text: folded.text.slice(0, readingLengthMax).split('').toReversed().join('') }
  }
}

/** Within a word, or at the start of one, a digit or mark that looks like a letter. */
const mixed = /[a-z][013456789$@€!|+][a-z]|(?<![a-z0-9])[0134579$@€!|][a-z]{2}/g

const marksAsLetters: Readonly<Record<string, string>> = {
  '0': 'o',
  '1': 'i',
  '3': 'e',
  '4': 'a',
  '5': 's',
  '6': 'g',
  '7': 't',
  '8': 'b',
  '9': 'g',
  $: 's',
  '@': 'a',
  '€': 'e',
  '!': 'i',
  '|': 'l',
  '+': 't',
}

function* decodeRuns(text: string, pattern: RegExp, encoding: 'base64' | 'hex'): Generator<Hidden> {
  for (const match of text.matchAll(pattern)) {
    const decoded = Buffer.from(match[0], encoding).toString('utf8')
    if (isReadable(decoded)) yield { text: decoded, start: match.index, end: match.index + match[0].length }
  }
}

/** Mostly letters, blanks and common marks. */
function isReadable(text: string): boolean {
  if (text.length < 12) return false
  const readable = text.match(/[\p{L}\p{N} .,:;!?'"()，。：；！？\n-]/gu)?.length ?? 0
  return readable >= text.length * 0.9 && !text.includes('\ufffd')
}

/** Tag characters (U+E0020…E007E) say ASCII that nobody sees. */
function* readTags(text: string): Generator<Hidden> {
  const first = text.indexOf('\udb40')
  if (first === -1) return
  let said = ''
  let end = first
  for (let index = first; index < text.length; index += 1) {
    const code = text.codePointAt(index) ?? 0
    if (code < 0xe0020 || code > 0xe007e) continue
    said += String.fromCharCode(code - 0xe0000)
    end = index + 2
  }
  if (said.length >= 8) yield { text: said, start: first, end }
}

const words =
  /(ignore|disregard|forget|override|bypass|reveal|print|show|repeat|all|any|the|of|my|your|previous|prior|above|earlier|system|safety|instructions?|prompts?|rules?|guidelines?|and|you|are|now|do|anything|developer|mode|without|restrictions)/g

/** Words that were written without blanks, parted where the words of such texts are known. */
function splitWords(text: string): string {
  return text.replaceAll(words, ' $1 ').replaceAll(/ +/g, ' ')
}
