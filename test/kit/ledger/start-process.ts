import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { ProcessOptions } from './process.ts'

const processPath = fileURLToPath(new URL('process.ts', import.meta.url))
const faultPoints = fileURLToPath(new URL('fault-points.ts', import.meta.url))

/** The write at which a process is to die: of the thread that answers, or of the one behind, from 1. */
export interface Fault {
  readonly thread: 'main' | 'fold'
  readonly number: number
}

export interface Child {
  readonly child: ReturnType<typeof spawn>
  /** Resolves with its first word. */
  readonly ready: Promise<void>
  /** All it said. */
  readonly closed: Promise<string>
}

export function startProcess(options: ProcessOptions, fault?: Fault): Child {
  const preload = fault === undefined ? [] : ['--import', faultPoints]
  const env = fault === undefined ? {} : { FAULT_THREAD: fault.thread, FAULT_NUMBER: String(fault.number) }
  const child = spawn(process.execPath, [...preload, processPath, JSON.stringify(options)], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, ...env },
  })
  let said = ''
  const { promise: ready, resolve } = Promise.withResolvers<void>()
  child.stdout.on('data', (bytes: Buffer) => {
    said += bytes.toString('utf8')
    resolve()
  })
  const closed = once(child, 'close').then(() => {
    resolve()
    return said
  })
  return { child, ready, closed }
}
