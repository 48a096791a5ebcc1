/**
 * Loaded before everything else into a process that is to die (`node --import`): every write of the thread named by
 * FAULT_THREAD (`main`, or `fold` for the thread behind) is a boundary, and the process is killed at the one numbered
 * FAULT_NUMBER, after it has said which it was. Writes are statements that change the database, the ends of transactions,
 * and lines of the journal, each before it is written and in its middle.
 */
import fs from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'
import { DatabaseSync, StatementSync } from 'node:sqlite'
import threads, { isMainThread, type WorkerOptions } from 'node:worker_threads'

const { FAULT_THREAD: chosen, FAULT_NUMBER: numberText } = process.env
const thread = isMainThread ? 'main' : 'fold'
const number = Number(numberText)
const write = fs.writeSync
let count = 0

function die(what: string): never {
  write(1, `boundary ${thread} ${what}\n`)
  process.kill(process.pid, 'SIGKILL')
  for (;;) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)
}

function isDue(): boolean {
  count += 1
  return count === number
}

/** `insert into hold`, `commit`: which write it is, whatever its values. */
function nameOf(sql: string): string | undefined {
  return /^\s*(insert (?:or \w+ )?into "?\w+"?|update "?\w+"?|delete from "?\w+"?|commit|begin immediate)/i
    .exec(sql)?.[1]
    ?.replaceAll('"', '')
    .toLowerCase()
}

function pass(sql: string): void {
  const name = nameOf(sql)
  if (name !== undefined && isDue()) die(name)
}

// A thread behind has an environment and flags of its own: this file is put among them.
if (isMainThread && chosen === 'fold') {
  const { Worker } = threads
  threads.Worker = class extends Worker {
    constructor(path: string | URL, options: WorkerOptions = {}) {
      const env = { ...(options.env as NodeJS.ProcessEnv), FAULT_THREAD: chosen, FAULT_NUMBER: numberText }
      super(path, { ...options, env, execArgv: ['--import', import.meta.url] })
    }
  }
  syncBuiltinESMExports()
}

if (thread === chosen) {
  for (const method of ['run', 'all', 'get', 'iterate'] as const) {
    const own = StatementSync.prototype[method] as (...values: readonly unknown[]) => unknown
    Object.defineProperty(StatementSync.prototype, method, {
      value(this: StatementSync, ...values: readonly unknown[]) {
        pass(this.sourceSQL)
        return own.apply(this, values as unknown[])
      },
    })
  }
  const exec = DatabaseSync.prototype.exec // oxlint-disable-line typescript/unbound-method -- called with its own this
  DatabaseSync.prototype.exec = function (this: DatabaseSync, sql: string) {
    pass(sql)
    exec.call(this, sql)
  }
  // The journal writes `(file, bytes, start, length, position)`.
  const writeLine = (...given: readonly [number, Buffer, number, number, number | null]): number => {
    const [file, bytes, start, length] = given
    if (file > 2 && Buffer.isBuffer(bytes)) {
      if (isDue()) die('line of the journal')
      if (isDue()) {
        write(file, bytes, start, length >> 1, null)
        die('half a line of the journal')
      }
    }
    return write(...given)
  }
  fs.writeSync = writeLine as typeof fs.writeSync
  syncBuiltinESMExports()
}
