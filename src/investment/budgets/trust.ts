import type { SpendOutcome } from '../../core/spending.ts'

/**
 * Which endpoints show all that they generate. Where some of it stays hidden, as reasoning does at some vendors, what is
 * seen does not tell what is spent, so answers there are held whole.
 */
export interface Trust {
  has(endpoint: string): boolean
  /** An answer has ended: what was counted of it, and what the endpoint says it was. */
  learn(endpoint: string, outcome: SpendOutcome): void
}

/** What every answer has beside its text: marks of turns and tool calls, and their names. */
export const unseenTokens = 64

/** An endpoint is trusted once an answer has shown that it hides nothing, and never again once it has hidden something. */
export function createTrust(): Trust {
  const isOpen = new Map<string, boolean>()
  return {
    has: (endpoint) => isOpen.get(endpoint) === true,
    learn(endpoint, { usage, countedTokens }) {
      if (usage?.source !== 'reported' || usage.outputTotal === undefined) return
      if (usage.outputTotal > countedTokens + unseenTokens) isOpen.set(endpoint, false)
      else if (!isOpen.has(endpoint)) isOpen.set(endpoint, true)
    },
  }
}
