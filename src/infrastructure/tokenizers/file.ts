import { readFileSync, statSync } from 'node:fs'
import { PlatformError } from '../../core/errors.ts'
import type { JsonValue } from '../../core/json.ts'
import { readModel } from './file-model.ts'
import { readNormalizer, readPreTokenizer, type Splitting } from './file-steps.ts'
import type { AddedToken, TokenizerParts } from './parts.ts'
import { Place } from './place.ts'

/** Of a tokenizer.json; the largest public ones have 33 MB. */
const fileBytesMax = 128 * 1_048_576
const addedMax = 10_000

/**
 * Reads a `tokenizer.json` of Hugging Face whose model is byte pairs (BPE): over bytes as Llama 3, Qwen, DeepSeek and Mistral
 * have it, or over characters with bytes to fall back to as Llama 2 and Gemma. Throws CONFIG_INVALID with the place in the file and the reason.
 */
export function readTokenizerFile(path: string): TokenizerParts {
  try {
    return toParts(new Place('', readJsonFile(path)))
  } catch (thrown) {
    if (!(thrown instanceof PlatformError)) throw thrown
    throw new PlatformError('CONFIG_INVALID', `the tokenizer ${path} ${thrown.message}`, { cause: thrown })
  }
}

function readJsonFile(path: string): JsonValue {
  try {
    const stats = statSync(path)
    if (!stats.isFile()) throw invalid('is no file')
    if (stats.size > fileBytesMax) throw invalid(`has ${stats.size} bytes; ${fileBytesMax} at most are read`)
    return JSON.parse(readFileSync(path, 'utf8')) as JsonValue // what JSON.parse gives
  } catch (thrown) {
    if (thrown instanceof PlatformError) throw thrown
    throw invalid(`cannot be read: ${thrown instanceof SyntaxError ? 'it is not JSON' : String(thrown)}`)
  }
}

function toParts(file: Place): TokenizerParts {
  const normal = readNormalizer(file.at('normalizer'))
  const splitting: Splitting = readPreTokenizer(file.at('pre_tokenizer'))
  const model = readModel(file.at('model'), splitting.isByteLevel)
  return { added: readAdded(file.at('added_tokens')), normal, splits: splitting.steps, model }
}

function readAdded(place: Place): readonly AddedToken[] {
  if (place.isAbsent) return []
  const list = place.list(addedMax)
  return list.flatMap((each) => {
    const content = each.at('content').text()
    if (content === '') return []
    return [{ content, takesLeft: each.at('lstrip').flag(false), takesRight: each.at('rstrip').flag(false) }]
  })
}

function invalid(what: string): PlatformError {
  return new PlatformError('CONFIG_INVALID', what)
}
