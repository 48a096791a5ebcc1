import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import type { Plan } from './acts.ts'

const processPath = fileURLToPath(new URL('process.ts', import.meta.url))

export interface Moment {
  /** The act in which the process is to die. */
  readonly act: number
  /** How long after its beginning. */
  readonly delayMs: number
}

/** How far a process came: acts done, and the one that it was in, if any. */
export interface Death {
  readonly done: number
  readonly open: number | undefined
}

/** Starts a process on a database that nobody else has open, and kills it (`SIGKILL`) at the moment. Throws when it fails by itself. */
export async function runAndKill(plan: Plan, { act, delayMs }: Moment): Promise<Death> {
  const child = spawn(process.execPath, [processPath, JSON.stringify(plan)], { stdio: ['ignore', 'pipe', 'inherit'] })
  const closed = once(child, 'close')
  let [done, begun] = [0, 0]
  for await (const line of createInterface({ input: child.stdout })) {
    if (line.startsWith('done')) done++
    if (line.startsWith('begun')) begun++
    if (line !== `begun ${act}`) continue
    void sleep(delayMs).then(() => child.kill('SIGKILL'))
  }
  await closed
  if (child.signalCode !== 'SIGKILL') throw new Error(`the process ended by itself with ${child.exitCode}`)
  return { done, open: begun > done ? done : undefined }
}
