import type { JsonObject } from '../../core/json.ts'

/** For tests only: a small `tokenizer.json` whose merges are learned from a few words, over bytes. */
export function bytePairFile(): JsonObject {
  const signs = toSigns()
  const words = sample.split(/(?= )/).map((word) => [...Buffer.from(word)].map((byte) => signs[byte] ?? ''))
  return toFile(learn(signs, words), {
    pre_tokenizer: { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: true },
    added_tokens: [toAdded('<|end|>', 5_000)],
  })
}

/** For tests only: over characters, as SentencePiece writes them, with bytes to fall back to. */
export function characterFile(): JsonObject {
  const bytes = Array.from({ length: 256 }, (_, byte) => `<0x${byte.toString(16).toUpperCase().padStart(2, '0')}>`)
  const words = sample.split(/(?= )/).map((word) => Array.from(word.replaceAll(' ', '▁')))
  const file = toFile(learn(['<unk>', ...bytes, ...new Set(words.flat())], words), {
    normalizer: {
      type: 'Sequence',
      normalizers: [
        { type: 'Prepend', prepend: '▁' },
        { type: 'Replace', pattern: { String: ' ' }, content: '▁' },
      ],
    },
    pre_tokenizer: null,
    added_tokens: [toAdded('<s>', 5_000)],
  })
  return withModel(file, { unk_token: '<unk>', byte_fallback: true, fuse_unk: true })
}

export function withModel(file: JsonObject, more: JsonObject): JsonObject {
  return { ...file, model: { ...(file['model'] as JsonObject), ...more } } // as the functions above make it
}

const byteLevel = { type: 'ByteLevel', add_prefix_space: false, trim_offsets: true, use_regex: false }
const split = (pattern: JsonObject, behavior = 'Isolated'): JsonObject => ({
  type: 'Split',
  pattern,
  behavior,
  invert: false,
})

const steps: Readonly<Record<string, JsonObject>> = {
  'llama-3': {
    pre_tokenizer: {
      type: 'Sequence',
      pretokenizers: [
        split({
          Regex:
            "(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\\r\\n\\p{L}\\p{N}]?\\p{L}+|\\p{N}{1,3}| ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+",
        }),
        byteLevel,
      ],
    },
  },
  deepseek: {
    pre_tokenizer: {
      type: 'Sequence',
      pretokenizers: [
        split({ Regex: '\\p{N}{1,3}' }),
        split({ Regex: '[一-龥\u3040-ゟ゠-ヿ]+' }),
        split({
          Regex:
            '[!"#$%&\'()*+,\\-./:;<=>?@\\[\\\\\\]^_`{|}~][A-Za-z]+|[^\\r\\n\\p{L}\\p{P}\\p{S}]?[\\p{L}\\p{M}]+| ?[\\p{P}\\p{S}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+',
        }),
        byteLevel,
      ],
    },
  },
  digits: {
    pre_tokenizer: {
      type: 'Sequence',
      pretokenizers: [
        { type: 'Digits', individual_digits: true },
        { ...byteLevel, use_regex: true },
      ],
    },
  },
  composed: { normalizer: { type: 'NFC' } },
  metaspace: {
    normalizer: null,
    pre_tokenizer: { type: 'Metaspace', replacement: '▁', prepend_scheme: 'always', split: true },
  },
}

export function withSteps(file: JsonObject, name: keyof typeof steps): JsonObject {
  return { ...file, ...steps[name] }
}

const sample =
  'the cat and the other cat sat on the mat with 123 hats and 中文 中文字 is written there, HTTPServer HTTPClient camelCase {"a":1} and ' +
  "that's what they're writing; the there then them these ====== ...... éé ééà naïve 汉字 汉字 한국어 한국"

const mergesMax = 120

function toFile({ vocabulary, merges }: Learned, more: JsonObject): JsonObject {
  return {
    version: '1.0',
    truncation: null,
    padding: null,
    normalizer: null,
    post_processor: null,
    decoder: null,
    ...more,
    model: { type: 'BPE', dropout: null, vocab: vocabulary, merges },
  }
}

function toAdded(content: string, id: number): JsonObject {
  return { id, content, single_word: false, lstrip: false, rstrip: false, normalized: false, special: true }
}

interface Learned {
  readonly vocabulary: Readonly<Record<string, number>>
  readonly merges: readonly string[]
}

/** The most frequent pair becomes a token, again and again. */
function learn(alphabet: readonly string[], given: readonly (readonly string[])[]): Learned {
  let words = given
  const vocabulary = new Map(alphabet.map((sign, place) => [sign, place]))
  const merges: string[] = []
  while (merges.length < mergesMax) {
    const counts = new Map<string, number>()
    for (const word of words) {
      for (let at = 1; at < word.length; at++) {
        const pair = `${word[at - 1]} ${word[at]}`
        counts.set(pair, (counts.get(pair) ?? 0) + 1)
      }
    }
    const [best] = [...counts].sort(([, one], [, other]) => other - one)
    if (best === undefined) break
    merges.push(best[0])
    const merged = best[0].replace(' ', '')
    if (!vocabulary.has(merged)) vocabulary.set(merged, vocabulary.size)
    words = words.map((word) => join(word, best[0]))
  }
  return { vocabulary: Object.fromEntries(vocabulary), merges }
}

function join(word: readonly string[], pair: string): readonly string[] {
  const joined: string[] = []
  for (const sign of word) {
    const last = joined.at(-1)
    if (last !== undefined && `${last} ${sign}` === pair) joined[joined.length - 1] = last + sign
    else joined.push(sign)
  }
  return joined
}

/** For tests only: the bytes that a token of `bytePairFile` stands for. */
export function toBytesOf(token: string): readonly number[] {
  const signs = toSigns()
  return Array.from(token, (sign) => signs.indexOf(sign))
}

/** How byte-level vocabularies write each byte. */
function toSigns(): readonly string[] {
  let hidden = 0
  return Array.from({ length: 256 }, (_, byte) => {
    const isSeen = (byte >= 33 && byte <= 126) || (byte >= 161 && byte <= 172) || byte >= 174
    return String.fromCharCode(isSeen ? byte : 256 + hidden++)
  })
}
