import type { Context, Script } from 'node:vm'

/** Turns that a script gets when the system lets its thread wait; beyond them it has had its time. */
const turnsMax = 5
/** A script that has used this share of its time itself was not kept waiting. */
const usedShare = 0.7

/**
 * Runs a script for at most `ms` milliseconds of work. The clock of `node:vm` also runs while the system has given the
 * processor to others, so a script that was stopped without having worked that long begins again. Throws what the script
 * throws, and an error with the code ERR_SCRIPT_EXECUTION_TIMEOUT when its time is over. It blocks the thread.
 */
export function runTimeBoxed(script: Script, context: Context, ms: number): unknown {
  for (let turn = 1; ; turn++) {
    const before = process.threadCpuUsage()
    try {
      return script.runInContext(context, { timeout: ms }) as unknown
    } catch (thrown) {
      const { user, system } = process.threadCpuUsage(before)
      if (turn >= turnsMax || !isTimeout(thrown) || user + system >= ms * 1_000 * usedShare) throw thrown
    }
  }
}

/** Whether a script's time was over. The error may be one of the script's own world, and no `Error` of this one. */
export function isTimeout(thrown: unknown): boolean {
  return (
    typeof thrown === 'object' && thrown !== null && 'code' in thrown && thrown.code === 'ERR_SCRIPT_EXECUTION_TIMEOUT'
  )
}
