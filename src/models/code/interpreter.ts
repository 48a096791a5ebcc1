import { assert } from '../../core/assert.ts'
import type { Clock } from '../../core/time.ts'
import type { QuickJSContext, QuickJSHandle, QuickJSRuntime, QuickJSWASMModule } from 'quickjs-emscripten-core'
import type { CodeJob, CodeOutcome } from './messages.ts'

/** Characters of the JSON of one result. */
const resultLengthMax = 65_536
const messageLengthMax = 500
/** Stack of the program; the interpreter's own is larger, so that it notices before it falls over. */
const stackBytesMax = 262_144

/**
 * Runs one program in a world of its own: a fresh runtime of QuickJS in WebAssembly that has the language and nothing else,
 * no files, no network, no modules, no timers. It is asked every so often whether time is over, and is given no more memory
 * than the job says. What the program may not change is taken from it before it starts: results are written by a
 * function of the interpreter that the program cannot replace. Throws only when the interpreter itself falls over.
 */
export function interpret(module: QuickJSWASMModule, job: CodeJob, clock: Clock): Interpreted {
  const runtime = module.newRuntime()
  const endMs = clock.monotonicMs() + job.ms
  const watch: Watch = { isOver: false }
  runtime.setMemoryLimit(job.memoryBytesMax)
  runtime.setMaxStackSize(stackBytesMax)
  runtime.setInterruptHandler(() => (watch.isOver ||= clock.monotonicMs() >= endMs))
  const context = runtime.newContext()
  const outcome = new Run({ runtime, context, job, watch }).outcome()
  return { outcome, isSound: clear(context, runtime) }
}

export interface Interpreted {
  readonly outcome: CodeOutcome
  /** False when the interpreter must not be used again. */
  readonly isSound: boolean
}

/** A program that was stopped in the middle of its work may leave objects that nobody can free any more. */
function clear(context: QuickJSContext, runtime: QuickJSRuntime): boolean {
  try {
    context.dispose()
    runtime.dispose()
    return true
  } catch {
    return false
  }
}

interface Watch {
  isOver: boolean
}

interface RunParts {
  readonly runtime: QuickJSRuntime
  readonly context: QuickJSContext
  readonly job: CodeJob
  readonly watch: Watch
}

/** `console` does nothing: what a program says on the way is not its result. */
const surroundings = `var console = Object.freeze({ log() {}, info() {}, warn() {}, error() {}, debug() {} });
var module = { exports: {} }; var exports = module.exports;`

class Run {
  readonly #parts: RunParts

  constructor(parts: RunParts) {
    this.#parts = parts
  }

  outcome(): CodeOutcome {
    const { context, job } = this.#parts
    const [parse, stringify] = this.#takeJson()
    try {
      this.#evaluate(surroundings).handle?.dispose()
      const loaded = this.#evaluate(job.code)
      if (loaded.outcome !== undefined) return loaded.outcome
      loaded.handle.dispose()
      const found = this.#evaluate(findFunction(job.call))
      if (found.outcome !== undefined) return found.outcome
      try {
        if (context.typeof(found.handle) !== 'function') return { type: 'missing' }
        return this.#callAll(found.handle, { parse, stringify })
      } finally {
        found.handle.dispose()
      }
    } finally {
      parse.dispose()
      stringify.dispose()
    }
  }

  #callAll(called: QuickJSHandle, { parse, stringify }: Record<'parse' | 'stringify', QuickJSHandle>): CodeOutcome {
    const { job, context } = this.#parts
    const results: (string | null)[] = []
    for (const [at, given] of job.cases.entries()) {
      const list = this.#read(parse, given)
      const result = this.#call(called, list, at)
      if (result.outcome !== undefined) return result.outcome
      const written = this.#settle(context.callFunction(stringify, context.undefined, result.handle), at)
      result.handle.dispose()
      if (written.outcome !== undefined) return written.outcome
      const isText = context.typeof(written.handle) === 'string'
      const text = isText ? context.getString(written.handle) : null
      written.handle.dispose()
      if (text !== null && text.length > resultLengthMax) return { type: 'output', at }
      results.push(text)
    }
    return { type: 'done', results }
  }

  /** Calls, and waits for the end of a promise as far as it comes without timers. */
  #call(called: QuickJSHandle, list: readonly QuickJSHandle[], at: number): Step {
    const { context, runtime } = this.#parts
    const first = this.#settle(context.callFunction(called, context.undefined, ...list), at)
    for (const handle of list) handle.dispose()
    if (first.outcome !== undefined) return first
    const jobs = runtime.executePendingJobs()
    if (jobs.error !== undefined) {
      first.handle.dispose()
      return { outcome: this.#describe(jobs.error, at) }
    }
    const state = context.getPromiseState(first.handle)
    if (state.type === 'fulfilled') {
      if (state.notAPromise === true) return first
      first.handle.dispose()
      return { handle: state.value }
    }
    first.handle.dispose()
    if (state.type === 'rejected') return { outcome: this.#describe(state.error, at) }
    return {
      outcome: this.#parts.watch.isOver
        ? { type: 'time', at }
        : { type: 'threw', message: 'a promise that never ends', at },
    }
  }

  #takeJson(): readonly [QuickJSHandle, QuickJSHandle] {
    const { context } = this.#parts
    const json = context.getProp(context.global, 'JSON')
    const taken = [context.getProp(json, 'parse'), context.getProp(json, 'stringify')] as const
    json.dispose()
    return taken
  }

  /** The arguments of a case, each a value of the program's world. */
  #read(parse: QuickJSHandle, text: string): readonly QuickJSHandle[] {
    const { context } = this.#parts
    const values: unknown = JSON.parse(text)
    assert(Array.isArray(values), 'arguments are a list')
    return values.map((value) => {
      const written = context.newString(JSON.stringify(value))
      const handle = context.unwrapResult(context.callFunction(parse, context.undefined, written))
      written.dispose()
      return handle
    })
  }

  #evaluate(code: string): Step {
    return this.#settle(this.#parts.context.evalCode(code, 'answer.js', { type: 'global' }), undefined)
  }

  #settle(result: ReturnType<QuickJSContext['evalCode']>, at: number | undefined): Step {
    return result.error === undefined ? { handle: result.value } : { outcome: this.#describe(result.error, at) }
  }

  #describe(error: QuickJSHandle, at: number | undefined): CodeOutcome {
    const { context, watch } = this.#parts
    try {
      if (watch.isOver) return { type: 'time', at }
      const thrown: unknown = context.dump(error)
      if (watch.isOver) return { type: 'time', at }
      if (thrown === null) return { type: 'memory', at } // no room was left for an error to be made in
      const { name, message } = readThrown(thrown)
      if (name === 'InternalError' && message === 'out of memory') return { type: 'memory', at }
      if ((name === 'InternalError' || name === 'RangeError') && /stack/i.test(message)) return { type: 'stack', at }
      const said = `${name}: ${message}`.slice(0, messageLengthMax)
      return name === 'SyntaxError' && at === undefined
        ? { type: 'syntax', message: said }
        : { type: 'threw', message: said, at }
    } finally {
      error.dispose()
    }
  }
}

type Step =
  | { readonly handle: QuickJSHandle; readonly outcome?: undefined }
  | { readonly handle?: undefined; readonly outcome: CodeOutcome }

/** The name is checked where jobs are made: letters, digits, `_`, `$` and dots. */
function findFunction(name: string): string {
  const base = name.split('.')[0] ?? ''
  return `typeof ${base} !== 'undefined' ? ${name} : module.exports.${name}`
}

function readThrown(thrown: unknown): { readonly name: string; readonly message: string } {
  if (typeof thrown !== 'object' || thrown === null) return { name: 'thrown', message: String(thrown) }
  const { name, message } = thrown as { readonly name?: unknown; readonly message?: unknown }
  return { name: typeof name === 'string' ? name : 'Error', message: typeof message === 'string' ? message : '' }
}
