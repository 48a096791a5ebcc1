import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import type { Config, EndpointConfig } from '../../config/index.ts'
import { PlatformError, toPlatformError } from '../../core/errors.ts'
import type { EventLog } from '../../core/ports.ts'
import type { Clock } from '../../core/time.ts'
import { createTurns, type Turns } from '../../core/turns.ts'
import { createCountingTurn, type CountingTurn } from './counting-turn.ts'
import { createTokenCounter, type TokenCounter } from './counter.ts'
import { loadTokenizer, type TokenizerSource } from './loading.ts'
import { findEncoding, type Encoding } from './models.ts'
import { createGeneratedTexts, type GeneratedTexts } from './texts.ts'

/** The tokenizers of endpoints: found by their settings, loaded once, shared. */
export interface Tokenizers {
  /** What counts as an endpoint does; `undefined` where nothing says which tokenizer it has. */
  of(place: TokenizedPlace): Tokenizer | undefined
  /**
   * Reads the tokenizer files that a configuration names. An encoding that it names and
   * that is not installed is named in the log. Rejects with CONFIG_INVALID: the key, the place in the file, the reason.
   */
  prepare(config: Pick<Config, 'endpoints'>): Promise<void>
}

/** What tells the tokenizer of an endpoint. */
export interface TokenizedPlace {
  readonly config: Pick<EndpointConfig, 'dialect' | 'model' | 'tokenizer'>
  /** As the price catalogue names it; `undefined` where it is not known. */
  readonly vendor: string | undefined
}

/** One tokenizer, shared by all endpoints that have it. */
export interface Tokenizer {
  /** What it is, over restarts too. */
  readonly name: string
  /** Whether it is one of OpenAI's, whose way of writing tools is documented. */
  readonly isOpenai: boolean
  /** A stream begins: the tokenizer is loaded unless it is, and the texts of the answer are kept. `undefined` where it is not installed. */
  begin(): GeneratedTexts | undefined
  /** `undefined` while it is not loaded. */
  readonly counter: TokenCounter | undefined
  /** Shared by all of them. */
  readonly turn: CountingTurn
}

export interface TokenizersDeps {
  /** Folders whose `node_modules` may hold the encodings, the first that does is taken. */
  readonly folders: readonly string[]
  /** Where paths of the configuration start. */
  readonly configFolder: string
  readonly clock: Clock
  readonly log: EventLog
}

/** Only these are OpenAI's own models under OpenAI's own names. */
const namingVendors: ReadonlySet<string> = new Set(['openai', 'azure'])
/** An encoding that is not there, or failed, is looked for again after so long. */
const retryMs = 10_000

export function createTokenizers(deps: TokenizersDeps): Tokenizers {
  const turn = createCountingTurn()
  const turns = createTurns(deps.clock)
  const known = new Map<string, LoadedTokenizer>()

  function get(name: string, isFile: boolean, find: () => TokenizerSource | undefined): LoadedTokenizer {
    let tokenizer = known.get(name)
    if (tokenizer === undefined)
      known.set(name, (tokenizer = new LoadedTokenizer({ ...deps, name, isFile, turn, turns, find })))
    return tokenizer
  }

  const getEncoding = (name: Encoding): LoadedTokenizer => get(name, false, () => findRanks(deps.folders, name))
  const getFile = (file: string): LoadedTokenizer => {
    const path = resolve(deps.configFolder, file)
    return get(path, true, () => ({ type: 'file', path }))
  }

  return {
    of({ config, vendor }) {
      const { tokenizer } = config
      if (tokenizer === 'off') return undefined
      if (typeof tokenizer === 'object') return getFile(tokenizer.file)
      const encoding = tokenizer ?? (isNaming(config, vendor) ? findEncoding(config.model) : undefined)
      return encoding === undefined ? undefined : getEncoding(encoding)
    },
    async prepare({ endpoints }) {
      const named = Object.entries(endpoints).flatMap(([id, { tokenizer }]) =>
        tokenizer === undefined || tokenizer === 'off' ? [] : [{ id, tokenizer }],
      )
      // A file may have changed under its name. Who has what it said before keeps that.
      for (const [name, each] of known) if (each.isFile) known.delete(name)
      for (const { id, tokenizer } of named) {
        if (typeof tokenizer === 'object') await read(getFile(tokenizer.file), id)
        else if (findRanks(deps.folders, tokenizer) === undefined) {
          const fix = 'strata runtime add tokenizers'
          deps.log.warn(
            { endpoint: id, tokenizer, fix },
            'the encoding of an endpoint is not installed: what its broken streams used is estimated',
          )
        }
      }
    },
  }
}

function isNaming({ dialect }: TokenizedPlace['config'], vendor: string | undefined): boolean {
  return dialect === 'azure' || (vendor !== undefined && namingVendors.has(vendor))
}

async function read(tokenizer: LoadedTokenizer, endpoint: string): Promise<void> {
  try {
    await tokenizer.load()
  } catch (thrown) {
    const { message } = toPlatformError(thrown)
    const path = `endpoints.${endpoint}.tokenizer.file`
    throw new PlatformError('CONFIG_INVALID', `the configuration is refused:\n  ${path}: ${message}`, {
      param: path,
      cause: thrown,
    })
  }
}

function findRanks(folders: readonly string[], encoding: Encoding): TokenizerSource | undefined {
  const paths = folders.map((folder) => join(folder, 'node_modules/js-tiktoken/dist/ranks', `${encoding}.js`))
  const path = paths.find((each) => existsSync(each))
  return path === undefined ? undefined : { type: 'ranks', path }
}

interface LoadedParts {
  readonly name: string
  readonly isFile: boolean
  readonly turn: CountingTurn
  readonly turns: Turns
  readonly find: () => TokenizerSource | undefined
  readonly clock: Clock
  readonly log: EventLog
}

/** Loaded by the first stream, or when the configuration is read. */
class LoadedTokenizer implements Tokenizer {
  readonly name: string
  readonly turn: CountingTurn
  counter: TokenCounter | undefined
  readonly isOpenai: boolean
  readonly isFile: boolean
  readonly #parts: LoadedParts
  #loading: Promise<void> | undefined
  #retryAtMs = -Infinity

  constructor(parts: LoadedParts) {
    this.name = parts.name
    this.turn = parts.turn
    this.#parts = parts
    this.isFile = parts.isFile
    this.isOpenai = !parts.isFile
  }

  begin(): GeneratedTexts | undefined {
    if (this.counter === undefined && this.#loading === undefined && !this.#start()) return undefined
    return createGeneratedTexts({ findCounter: () => this.counter, turn: this.turn })
  }

  load(): Promise<void> {
    const source = this.#parts.find()
    if (source === undefined || this.counter !== undefined) return Promise.resolve()
    this.#loading ??= this.#read(source).finally(() => {
      this.#loading = undefined
    })
    return this.#loading
  }

  /** Whether it is being loaded now. */
  #start(): boolean {
    const { clock, log, find, name } = this.#parts
    const nowMs = clock.monotonicMs()
    if (nowMs < this.#retryAtMs) return false
    this.#retryAtMs = nowMs + retryMs
    if (find() === undefined) return false
    this.load().catch((thrown: unknown) => {
      log.warn(
        { tokenizer: name, reason: toPlatformError(thrown).message },
        'a tokenizer could not be loaded: what broken streams used is estimated',
      )
    })
    return true
  }

  async #read(source: TokenizerSource): Promise<void> {
    const counter = createTokenCounter(await loadTokenizer(source, this.#parts.turns))
    await setImmediate()
    counter.count('expressions are made ready by their first use')
    this.counter = counter
    this.#parts.log.info({ tokenizer: this.name, bytes: counter.bytes }, 'a tokenizer is loaded')
  }
}
