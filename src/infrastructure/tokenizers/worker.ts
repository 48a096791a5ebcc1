/** Reads one tokenizer.json, gives its tables away, and ends: what reading took is given back with the thread. */
import { parentPort, workerData } from 'node:worker_threads'
import { assert } from '../../core/assert.ts'
import { toPlatformError } from '../../core/errors.ts'
import { readTokenizerFile } from './file.ts'
import type { LoadResult } from './loading.ts'
import type { TokenizerParts } from './parts.ts'

function read(path: string): LoadResult {
  try {
    return { type: 'parts', parts: readTokenizerFile(path) }
  } catch (thrown) {
    const { code, message } = toPlatformError(thrown)
    return { type: 'failed', code, message }
  }
}

function tablesOf({ model }: TokenizerParts): readonly ArrayBuffer[] {
  const tables = [model.tokens, ...(model.type === 'merges' ? [model.merges] : [])].flatMap((each) =>
    Object.values(each),
  )
  return (tables as readonly Uint8Array<ArrayBuffer>[]).map(({ buffer }) => buffer) // none of them is shared
}

const port = parentPort
assert(port !== null, 'a tokenizer is read on a thread')
const result = read(String(workerData))
port.postMessage(result, result.type === 'parts' ? tablesOf(result.parts) : [])
