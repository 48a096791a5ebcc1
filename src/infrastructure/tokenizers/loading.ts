import { Worker } from 'node:worker_threads'
import { PlatformError, type ErrorCode } from '../../core/errors.ts'
import { toThreadEnvironment } from '../../core/threads.ts'
import { runAtOnce, type Turns } from '../../core/turns.ts'
import type { TokenizerParts } from './parts.ts'
import { readRanks, readRanksFile } from './ranks.ts'

/** Where a tokenizer is read from: ranks as `js-tiktoken` holds them, or a `tokenizer.json`. */
export interface TokenizerSource {
  readonly type: 'ranks' | 'file'
  /** Absolute. */
  readonly path: string
}

export type LoadResult =
  | { readonly type: 'parts'; readonly parts: TokenizerParts }
  | { readonly type: 'failed'; readonly code: ErrorCode; readonly message: string }

/** For the largest file that is read. */
const heapMegabytesMax = 2_048

/**
 * Reads a tokenizer: ranks in turns, or at once where nobody else has to wait; a file on a thread of its own, because JSON is read in
 * one piece. Rejects with CONFIG_INVALID for a file, RUNTIME_FAILED for ranks.
 */
export async function loadTokenizer({ type, path }: TokenizerSource, turns?: Turns): Promise<TokenizerParts> {
  if (type === 'file') return readOnThread(path)
  const work = readRanks(path, await readRanksFile(path))
  return turns === undefined ? runAtOnce(work) : turns.run(work)
}

function readOnThread(path: string): Promise<TokenizerParts> {
  const { promise, resolve, reject } = Promise.withResolvers<TokenizerParts>()
  const worker = new Worker(new URL('./worker.ts', import.meta.url), {
    workerData: path,
    name: 'tokenizer',
    execArgv: [],
    env: toThreadEnvironment(),
    resourceLimits: { maxOldGenerationSizeMb: heapMegabytesMax },
  })
  const fail = (cause?: unknown): void =>
    reject(new PlatformError('CONFIG_INVALID', `the tokenizer ${path} could not be read`, { cause }))
  worker.on('message', (result: LoadResult) => {
    if (result.type === 'parts') resolve(result.parts)
    else reject(new PlatformError(result.code, result.message))
  })
  worker.on('error', fail)
  worker.on('exit', () => fail()) // of no effect once it has given what it read
  return promise
}
