import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync, readdirSync, readFileSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'

/** A child process of a benchmark, held to one core. */
export interface PinnedProcess {
  readonly pid: number
  /** What it has written so far, both streams. */
  output(): string
  hasEnded(): boolean
  /** Ends it at once and waits until it is gone. */
  stop(): Promise<void>
}

export interface PinnedProcessOptions {
  /** Number of the core it may run on. */
  readonly core: number
  readonly command: readonly string[]
  /** File that takes its output. */
  readonly logPath: string
  readonly folder?: string
}

/** Without `taskset` (anywhere but Linux) nothing is held to a core, and the figures say less. */
export function startPinned(options: PinnedProcessOptions): PinnedProcess {
  const log = openSync(options.logPath, 'w+')
  const [command = '', ...words] = pin(options.core, options.command)
  // One pool of memory for all threads: glibc's default of many keeps what a burst on another thread has used.
  const env = { ...process.env, MALLOC_ARENA_MAX: '1' }
  const child = spawn(command, words, { stdio: ['ignore', log, log], cwd: options.folder, env })
  closeSync(log)
  const ended = once(child, 'exit').catch(() => undefined)
  return {
    pid: child.pid ?? -1,
    output: () => readFileSync(options.logPath, 'utf8'),
    hasEnded: () => child.exitCode !== null || child.signalCode !== null,
    async stop() {
      if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL')
      await ended
    },
  }
}

/** Runs a command to its end on one core and gives back what it printed. Throws when it fails. */
export async function runPinned(core: number, words: readonly string[]): Promise<string> {
  const [command = '', ...rest] = pin(core, words)
  const child = spawn(command, rest, { stdio: ['ignore', 'pipe', 'pipe'] })
  const parts: string[] = []
  child.stdout.setEncoding('utf8').on('data', (text: string) => parts.push(text))
  child.stderr.setEncoding('utf8').on('data', (text: string) => parts.push(text))
  await once(child, 'close')
  const output = parts.join('')
  if (child.exitCode !== 0) throw new Error(`${words.slice(0, 3).join(' ')} failed: ${output.slice(-2_000)}`)
  return output
}

export function hasCommand(name: string): boolean {
  return spawnSync(name, ['--version'], { stdio: 'ignore' }).error === undefined
}

/** Processor time of a process and its threads so far, microseconds; `undefined` off Linux. That of threads that have ended is not in it. */
export function readCpuMicros(pid: number): number | undefined {
  // A kernel without counts for each thread counts in steps of 10 ms.
  return sumMicros(pid, listThreads(pid)) ?? readTickMicros(pid)
}

/** The same of the threads with a name; `undefined` where the system does not count for each, or there are none. */
export function readThreadMicros(pid: number, name: string): number | undefined {
  return sumMicros(
    pid,
    listThreads(pid).filter((thread) => readProc(pid, `task/${thread}/comm`)?.trim() === name),
  )
}

function sumMicros(pid: number, threads: readonly string[]): number | undefined {
  const nanos = threads.map((thread) => Number(readProc(pid, `task/${thread}/schedstat`)?.split(' ')[0]))
  if (nanos.length === 0 || nanos.some(Number.isNaN)) return undefined
  return nanos.reduce((sum, each) => sum + each, 0) / 1_000
}

function listThreads(pid: number): readonly string[] {
  try {
    return readdirSync(`/proc/${pid}/task`)
  } catch {
    return []
  }
}

function readTickMicros(pid: number): number | undefined {
  const text = readProc(pid, 'stat')
  // The name in brackets may hold spaces; user and system time are the 12th and 13th fields after it.
  const fields = text?.slice(text.lastIndexOf(')') + 2).split(' ')
  const [user, system] = [Number(fields?.[11]), Number(fields?.[12])]
  return Number.isFinite(user + system) ? (user + system) * 10_000 : undefined
}

/** Memory of a process that is in RAM, MiB; `undefined` off Linux. */
export function readRssMib(pid: number): number | undefined {
  const kib = Number(/^VmRSS:\s+(\d+) kB/m.exec(readProc(pid, 'status') ?? '')?.[1])
  return Number.isFinite(kib) ? kib / 1_024 : undefined
}

/** Calls `probe` until it is true; throws with the process's last words when it ends or `timeoutMs` have passed. */
export async function waitUntil(
  child: PinnedProcess,
  probe: () => boolean | Promise<boolean>,
  timing: { readonly timeoutMs: number; readonly everyMs: number },
): Promise<void> {
  for (let waitedMs = 0; waitedMs < timing.timeoutMs; waitedMs += timing.everyMs) {
    if (await probe()) return
    if (child.hasEnded()) break
    await sleep(timing.everyMs)
  }
  throw new Error(`a process of the benchmark does not answer; its last words: ${child.output().slice(-2_000)}`)
}

function pin(core: number, command: readonly string[]): readonly string[] {
  return process.platform === 'linux' ? ['taskset', '-c', String(core), ...command] : command
}

function readProc(pid: number, file: string): string | undefined {
  try {
    return readFileSync(`/proc/${pid}/${file}`, 'utf8')
  } catch {
    return undefined
  }
}
