import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { PlatformError } from '../../../core/errors.ts'
import { isJsonObject, type JsonObject } from '../../../core/json.ts'
import type { Endpoint } from '../../endpoints/index.ts'
import type { Pooling } from './protocol.ts'

/** What lies beside a model and says how its texts are read. */
export interface ModelFiles {
  readonly tokenizerPath: string
  readonly tokenizerConfigPath: string | undefined
  readonly pooling: Pooling
  readonly tokensMax: number
}

/** When no file says how much the model reads at once. */
const tokensMaxDefault = 512
const configBytesMax = 1_048_576

/**
 * The files of a model as they are published: `tokenizer.json`, `tokenizer_config.json`, `sentence_bert_config.json` and
 * `1_Pooling/config.json`, in the folder of the ONNX file or the one above. Throws CONFIG_INVALID without a tokenizer.
 */
export function findModelFiles({ id, config }: Endpoint, modelPath: string): ModelFiles {
  const near = dirname(modelPath)
  const folder = [near, dirname(near)].find((each) => existsSync(join(each, 'tokenizer.json')))
  if (folder === undefined) {
    const param = `endpoints.${id}.model`
    const message = `${param}: there is no tokenizer.json in the folder of the model nor in the one above`
    throw new PlatformError('CONFIG_INVALID', message, { param })
  }
  const tokenizerConfigPath = join(folder, 'tokenizer_config.json')
  return {
    tokenizerPath: join(folder, 'tokenizer.json'),
    tokenizerConfigPath: existsSync(tokenizerConfigPath) ? tokenizerConfigPath : undefined,
    pooling: readPooling({ id, config }, folder),
    tokensMax: readTokensMax({ id, config }, folder),
  }
}

const poolings: readonly string[] = ['mean', 'cls', 'last'] satisfies readonly Pooling[]

function readPooling({ id, config }: Endpoint, folder: string): Pooling {
  const asked = config.options['pooling']
  if (asked !== undefined) {
    if (typeof asked === 'string' && poolings.includes(asked)) return asked as Pooling // it is in the list
    const param = `endpoints.${id}.options.pooling`
    throw new PlatformError('CONFIG_INVALID', `${param} is none of ${poolings.join(', ')}`, { param })
  }
  const known = readSmall(join(folder, '1_Pooling', 'config.json'))
  if (known['pooling_mode_cls_token'] === true) return 'cls'
  return known['pooling_mode_lasttoken'] === true ? 'last' : 'mean'
}

function readTokensMax({ id, config }: Endpoint, folder: string): number {
  const known = [
    readSmall(join(folder, 'sentence_bert_config.json'))['max_seq_length'],
    readSmall(join(folder, 'tokenizer_config.json'))['model_max_length'],
  ]
  const stated = config.contextTokens ?? known.find((value) => typeof value === 'number' && value < 1_000_000)
  const tokensMax = typeof stated === 'number' ? stated : tokensMaxDefault
  if (tokensMax >= 16) return tokensMax
  const param = `endpoints.${id}.contextTokens`
  throw new PlatformError('CONFIG_INVALID', `${param}: a text encoder reads at least 16 tokens at once`, { param })
}

/** Nothing where the file is not there, is no JSON or is larger than any configuration. */
function readSmall(path: string): JsonObject {
  if (!existsSync(path)) return {}
  const bytes = readFileSync(path)
  if (bytes.length > configBytesMax) return {}
  try {
    const value: unknown = JSON.parse(bytes.toString('utf8'))
    return isJsonObject(value) ? value : {}
  } catch {
    return {} // The model works without it, by its defaults.
  }
}
