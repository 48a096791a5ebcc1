import { PlatformError } from '../../../core/errors.ts'
import { isJsonObject, type JsonObject } from '../../../core/json.ts'
import type { TokenizersLibrary } from './binding.ts'

/** What a model reads: its marks around the tokens of one text or two. */
export interface Sequence {
  readonly ids: readonly number[]
  /** Which of two texts each token is of, as the model counts them. */
  readonly types: readonly number[]
}

/** A text in the form in which a model reads it. */
export interface TextReader {
  /** The tokens of a text, without marks: what a text says is never read as a mark. */
  toTokens(text: string): readonly number[]
  /** One or more, together the whole text. Throws CONTEXT_TOO_LONG beyond sixteen. */
  toSequences(text: string): readonly Sequence[]
  /** The question with the whole passage, or with parts of it that overlap by a quarter, likewise. */
  toPairs(question: string, passage: string): readonly Sequence[]
}

/** Parts that a long text is read in. */
const windowsMax = 16

/** Throws when the tokenizer is of a kind that is not known. */
export function createTextReader(options: {
  readonly library: TokenizersLibrary
  /** The parsed `tokenizer.json`. */
  readonly tokenizer: JsonObject
  /** The parsed `tokenizer_config.json`, `{}` when there is none. */
  readonly config: JsonObject
  readonly tokensMax: number
}): TextReader {
  const { library, tokenizer, config, tokensMax } = options
  const encoder = new library.Tokenizer(tokenizer, config)
  const marks = new Set(listMarks(tokenizer))
  const template = readTemplate(tokenizer['post_processor'])
  const toTokens = (text: string): readonly number[] =>
    encoder.encode(text, { add_special_tokens: false }).ids.filter((id) => !marks.has(id))
  return {
    toTokens,
    toSequences(text) {
      const room = tokensMax - countMarks(template.single)
      return toWindows(toTokens(text), { room, step: room }).map((ids) => fill(template.single, { A: ids, B: [] }))
    },
    toPairs(question, passage) {
      const asked = toTokens(question)
      const room = tokensMax - countMarks(template.pair) - asked.length
      if (room < tokensMax / 4) {
        throw new PlatformError('CONTEXT_TOO_LONG', `the question takes ${asked.length} of ${tokensMax} tokens`)
      }
      const step = Math.ceil((room * 3) / 4)
      return toWindows(toTokens(passage), { room, step }).map((ids) => fill(template.pair, { A: asked, B: ids }))
    },
  }
}

function toWindows(
  ids: readonly number[],
  { room, step }: { readonly room: number; readonly step: number },
): readonly (readonly number[])[] {
  const windows: (readonly number[])[] = []
  for (let from = 0; windows.length === 0 || from + room - step < ids.length; from += step) {
    if (windows.length === windowsMax) {
      const message = `a text of ${ids.length} tokens is more than ${windowsMax} times what the model reads at once`
      throw new PlatformError('CONTEXT_TOO_LONG', message)
    }
    windows.push(ids.slice(from, from + room))
  }
  return windows
}

type Part =
  | { readonly ids: readonly number[]; readonly type: number }
  | { readonly sequence: 'A' | 'B'; readonly type: number }

interface Template {
  readonly single: readonly Part[]
  readonly pair: readonly Part[]
}

function fill(parts: readonly Part[], texts: Readonly<Record<'A' | 'B', readonly number[]>>): Sequence {
  const ids: number[] = []
  const types: number[] = []
  for (const part of parts) {
    for (const id of 'ids' in part ? part.ids : texts[part.sequence]) {
      ids.push(id)
      types.push(part.type)
    }
  }
  return { ids, types }
}

function countMarks(parts: readonly Part[]): number {
  return parts.reduce((sum, part) => sum + ('ids' in part ? part.ids.length : 0), 0)
}

/** Where the marks go, from the `post_processor` of a `tokenizer.json`. */
function readTemplate(processor: unknown): Template {
  const [first, second] = [
    { sequence: 'A', type: 0 },
    { sequence: 'B', type: 0 },
  ] as const
  if (!isJsonObject(processor)) return { single: [first], pair: [first, second] }
  switch (processor['type']) {
    case 'TemplateProcessing': {
      const marks = processor['special_tokens']
      return { single: toParts(processor['single'], marks), pair: toParts(processor['pair'], marks) }
    }
    case 'BertProcessing': {
      const [cls, sep] = [toMark(processor['cls']), toMark(processor['sep'])]
      const single = [cls, first, sep]
      return { single, pair: [...single, { ...second, type: 1 }, { ...sep, type: 1 }] }
    }
    case 'RobertaProcessing': {
      const [cls, sep] = [toMark(processor['cls']), toMark(processor['sep'])]
      return { single: [cls, first, sep], pair: [cls, first, sep, sep, second, sep] }
    }
    case 'Sequence': {
      const list = Array.isArray(processor['processors']) ? (processor['processors'] as readonly unknown[]) : []
      return readTemplate(list.find((each) => isJsonObject(each) && each['type'] !== 'ByteLevel'))
    }
    case 'ByteLevel':
      return readTemplate(undefined)
    default:
      throw new Error('the tokenizer puts its marks in a way that is not known')
  }
}

function toParts(pieces: unknown, marks: unknown): readonly Part[] {
  const list = Array.isArray(pieces) ? (pieces as readonly unknown[]) : []
  return list.flatMap((piece): readonly Part[] => {
    if (!isJsonObject(piece)) return []
    const { SpecialToken: mark, Sequence: sequence } = piece
    if (isJsonObject(sequence))
      return [{ sequence: sequence['id'] === 'B' ? 'B' : 'A', type: toNumber(sequence['type_id']) }]
    const id = isJsonObject(mark) ? mark['id'] : undefined
    const named = typeof id === 'string' && isJsonObject(marks) ? marks[id] : undefined
    const ids = isJsonObject(named) && Array.isArray(named['ids']) ? named['ids'].map(toNumber) : []
    return [{ ids, type: isJsonObject(mark) ? toNumber(mark['type_id']) : 0 }]
  })
}

/** `["[CLS]", 101]` */
function toMark(pair: unknown): { readonly ids: readonly number[]; readonly type: number } {
  return { ids: Array.isArray(pair) ? [toNumber(pair[1])] : [], type: 0 }
}

function toNumber(value: unknown): number {
  return typeof value === 'number' ? value : 0
}

/** Ids of the tokens that are no part of any text: [CLS], </s>; what stands for the unknown is one. */
function listMarks(tokenizer: JsonObject): readonly number[] {
  const { added_tokens: added, model } = tokenizer
  const named = isJsonObject(model) ? model['unk_token'] : undefined
  const numbered = isJsonObject(model) ? model['unk_id'] : undefined
  return (Array.isArray(added) ? added : []).flatMap((token) => {
    if (!isJsonObject(token) || token['special'] !== true) return []
    const { id, content } = token
    return typeof id !== 'number' || content === named || id === numbered ? [] : [id]
  })
}
