/** Encodings of one byte a character for scripts other than Latin, with the letters that their texts have most of. */
interface Script {
  readonly letters: RegExp
  readonly encodings: readonly string[]
  /** Most frequent first; about half of a text are the first ten. */
  readonly common: string
}

const scripts: readonly Script[] = [
  {
    letters: /\p{Script=Cyrillic}/u,
    encodings: ['windows-1251', 'koi8-u', 'ibm866', 'iso-8859-5', 'x-mac-cyrillic'],
    common: 'оеаинтсрвлкмдпуяыьгзбчйхжшюцщэфъіїєёўџљњћђј',
  },
  {
    letters: /\p{Script=Greek}/u,
    encodings: ['windows-1253', 'iso-8859-7'],
    common: 'αοιετσνηυρπκμλςωίόάέήύγδθβχφώξζψϊΐ',
  },
  { letters: /\p{Script=Hebrew}/u, encodings: ['windows-1255', 'iso-8859-8'], common: 'יולהאמרתשבנםחדקעפכגצטזןסךץף' },
  {
    letters: /\p{Script=Arabic}/u,
    encodings: ['windows-1256', 'iso-8859-6'],
    common: 'اليمونترةبعدسفحهكقجشطصخضذثغزظءأإى',
  },
  { letters: /\p{Script=Thai}/u, encodings: ['windows-874'], common: 'านรอกเงมยลวดทสตะปบคหแจพชขใไโผณ่้ัิีุู' },
]

/** Characters that stand between words of any script. */
const between = /[\s\u00a0«»“”„‘’‚—–…№°§©®·•]/u

/** Of the letters outside of ASCII, the least that stand together in words of one script. */
const pureShareMin = 0.7

/**
 * The encoding of one byte a character that makes words of one script of the bytes, by how often its letters stand in
 * texts, and large ones where they stand; `undefined` when none does, as with Latin ones.
 */
export function findScriptEncoding(sample: Uint8Array): string | undefined {
  const words = takeWords(sample)
  let best: { readonly encoding: string; readonly score: number } | undefined
  for (const script of scripts) {
    for (const encoding of script.encodings) {
      const score = scoreOf(new TextDecoder(encoding).decode(words), script)
      if (score !== undefined && (best === undefined || score > best.score)) best = { encoding, score }
    }
  }
  return best !== undefined && best.score > 0.3 ? best.encoding : undefined
}

/** What is not ASCII, with the Latin letters that touch it: in all these encodings the rest is the same, and says nothing. */
function takeWords(sample: Uint8Array): Uint8Array {
  const text = Buffer.from(sample.buffer, sample.byteOffset, sample.byteLength).toString('latin1')
  return Buffer.from((text.match(/[a-z]*[\u0080-\u00ff][a-z\u0080-\u00ff]*/gi) ?? []).join(' '), 'latin1')
}

function scoreOf(text: string, { letters, common }: Script): number | undefined {
  let count = 0
  let pure = 0
  let score = 0
  for (const [word] of text.matchAll(/[\p{L}\p{M}\u0080-\u009f\u2500-\u25ff]+/gu)) {
    const characters = Array.from(word)
    const isPure = characters.length > 1 && characters.every((character) => letters.test(character))
    let before = ''
    for (const character of characters) {
      if (character < '\u0080') {
        before = character
        continue
      }
      count++
      if (isPure) pure++
      score += valueOf(character, { before, letters, common })
      before = character
    }
  }
  for (const character of text.match(/[^\0-\u007f\p{L}\p{M}]/gu) ?? []) if (!between.test(character)) score -= 0.5
  return count === 0 || pure < count * pureShareMin ? undefined : score / count
}

/** From -1 to 1: how likely a letter is where it stands. */
function valueOf(
  character: string,
  { before, letters, common }: Omit<Script, 'encodings'> & { before: string },
): number {
  if (!letters.test(character)) return -1
  const small = character.toLowerCase()
  const place = common.indexOf(small)
  const value = place < 0 ? -0.5 : place < 10 ? 1 : place < 20 ? 0.5 : 0.1
  if (small === character) return value
  const isInside = before !== '' && before === before.toLowerCase()
  return isInside ? -1 : value * 0.7
}
