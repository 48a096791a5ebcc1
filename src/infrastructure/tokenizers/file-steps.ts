import type { NormalStep, Pattern, SplitStep } from './parts.ts'
import type { Place } from './place.ts'
import { toRegExp } from './splitter.ts'

const stepsMax = 32
const patternUnitsMax = 20_000

/** How a file says that a text is split. */
export interface Splitting {
  readonly steps: readonly SplitStep[]
  /** Whether the pieces are then written as bytes. */
  readonly isByteLevel: boolean
}

/** What stands for a blank in vocabularies of characters. */
const blankMark = '▁'

/** As GPT-2 split texts, which `ByteLevel` does by itself. */
const byteLevelPattern = "'s|'t|'re|'ve|'m|'ll|'d| ?\\p{L}+| ?\\p{N}+| ?[^\\s\\p{L}\\p{N}]+|\\s+(?!\\S)|\\s+"

export function readNormalizer(place: Place): readonly NormalStep[] {
  if (place.isAbsent) return []
  const type = place.at('type').word(['NFC', 'NFD', 'NFKC', 'NFKD', 'Prepend', 'Replace', 'Lowercase', 'Sequence'])
  switch (type) {
    case 'Sequence':
      return place.at('normalizers').list(stepsMax).flatMap(readNormalizer)
    case 'Prepend':
      return [{ type: 'prepend', text: place.at('prepend').text() }]
    case 'Replace':
      return [{ type: 'replace', pattern: readPattern(place.at('pattern')), content: place.at('content').text() }]
    case 'Lowercase':
      return [{ type: 'lowercase' }]
    default:
      return [{ type: 'unicode', form: type }]
  }
}

export function readPreTokenizer(place: Place): Splitting {
  if (place.isAbsent) return { steps: [], isByteLevel: false }
  const type = place.at('type').word(['ByteLevel', 'Split', 'Digits', 'Metaspace', 'Sequence'])
  switch (type) {
    case 'Sequence':
      return readSequence(place.at('pretokenizers'))
    case 'ByteLevel':
      return { steps: readByteLevel(place), isByteLevel: true }
    case 'Split':
      return { steps: [readSplit(place)], isByteLevel: false }
    case 'Digits': {
      const source = place.at('individual_digits').flag(false) ? '\\p{Nd}' : '\\p{Nd}+'
      return { steps: [toSplit({ source }, 'isolated')], isByteLevel: false }
    }
    case 'Metaspace':
      return { steps: readMetaspace(place), isByteLevel: false }
  }
}

/** What comes after the bytes are written would split what no text has. */
function readSequence(place: Place): Splitting {
  const parts = place.list(stepsMax).map((each) => ({ each, ...readPreTokenizer(each) }))
  for (const { each } of parts.slice(0, -1).filter(({ isByteLevel }) => isByteLevel))
    each.refuse('is not the last step')
  return { steps: parts.flatMap(({ steps }) => steps), isByteLevel: parts.at(-1)?.isByteLevel ?? false }
}

function readByteLevel(place: Place): readonly SplitStep[] {
  const prefix: SplitStep = { type: 'prefix', text: ' ', isFirstOnly: false }
  return [
    ...(place.at('add_prefix_space').flag(true) ? [prefix] : []),
    ...(place.at('use_regex').flag(true) ? [toSplit({ source: byteLevelPattern }, 'isolated')] : []),
  ]
}

function readSplit(place: Place): SplitStep {
  const behaviour = place.at('behavior').word(['Isolated', 'Removed', 'MergedWithPrevious', 'MergedWithNext'])
  const isInverted = place.at('invert').flag(false)
  const pattern = readPattern(place.at('pattern'))
  switch (behaviour) {
    case 'Isolated':
      return toSplit(pattern, 'isolated')
    case 'Removed':
      return { ...toSplit(pattern, 'removed'), isInverted }
    case 'MergedWithPrevious':
      return { ...toSplit(pattern, 'with-previous'), isInverted }
    case 'MergedWithNext':
      return { ...toSplit(pattern, 'with-next'), isInverted }
  }
}

function readMetaspace(place: Place): readonly SplitStep[] {
  const mark = place.at('replacement').isAbsent ? blankMark : place.at('replacement').text()
  const scheme = readPrependScheme(place)
  const isSplit = place.at('split').flag(true)
  return [
    { type: 'replace', pattern: { text: ' ' }, content: mark },
    ...(scheme === 'never' ? [] : [{ type: 'prefix', text: mark, isFirstOnly: scheme === 'first' } as const]),
    ...(isSplit ? [toSplit({ text: mark }, 'with-next')] : []),
  ]
}

/** Older files say it by another name. */
function readPrependScheme(place: Place): 'always' | 'first' | 'never' {
  const own = place.at('prepend_scheme')
  if (!own.isAbsent) return own.word(['always', 'first', 'never'])
  return place.at('add_prefix_space').flag(true) ? 'always' : 'never'
}

function toSplit(pattern: Pattern, behaviour: Extract<SplitStep, { type: 'pattern' }>['behaviour']) {
  return { type: 'pattern', pattern, behaviour, isInverted: false } as const
}

function readPattern(place: Place): Pattern {
  const text = place.at('String')
  if (!text.isAbsent) return { text: text.text() }
  const regex = place.at('Regex')
  const source = toSource(regex.text())
  if (source.length > patternUnitsMax) regex.refuse(`is longer than ${patternUnitsMax}`)
  try {
    toRegExp({ source }, 'gu')
  } catch (thrown) {
    regex.refuse(`is an expression that is not understood: ${String(thrown)}`)
  }
  return { source }
}

/** Patterns of files are Oniguruma's: they escape more, name scripts without saying so, and their blanks and digits are Unicode's. */
function toSource(source: string): string {
  return source
    .replace(/\\([\s\S])/g, (whole, sign: string) => classes[sign] ?? (/[!"#%&',:;<=>@_`~ ]/.test(sign) ? sign : whole))
    .replace(/\\([pP])\{(\w+)\}/g, (whole, sign: string, name: string) =>
      isProperty(name) ? whole : `\\${sign}{Script=${name}}`,
    )
}

const classes: Readonly<Record<string, string>> = {
  s: '\\p{White_Space}',
  S: '\\P{White_Space}',
  d: '\\p{Nd}',
  D: '\\P{Nd}',
}

function isProperty(name: string): boolean {
  try {
    return toRegExp({ source: `\\p{${name}}` }, 'u').unicode
  } catch {
    return false
  }
}
