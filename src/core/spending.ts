/** How spending is held: the socket between the door out, which knows what is about to be sent, and the accounts. */
import type { Call } from './call.ts'
import type { Picodollars } from './money.ts'
import type { Price } from './ports.ts'
import type { TierChoice } from './usage-units.ts'
import type { Usage } from './usage.ts'

/** A part of a purse: what is held for a dispatch, or what it was charged in the end. */
export interface Charge {
  /** The purse of this process, by number. */
  readonly purse: number
  /** In the unit of the purse: picodollars, requests, tokens, places. */
  readonly amount: bigint
}

/** Filled by investment: holds money, requests, tokens and places for what is about to be sent. */
export interface SpendGate {
  /**
   * Holds the worst case in every account the dispatch falls under, all or none. `undefined` at once when none limits it.
   * Throws or rejects with BUDGET_EXCEEDED, RATE_LIMITED, or PRICE_UNKNOWN where an amount of money limits what has no
   * known price.
   */
  hold(ask: SpendAsk): SpendHold | Promise<SpendHold> | undefined
}

/** What is about to be sent, as far as accounts need to know. */
export interface SpendAsk {
  readonly call: Call
  readonly endpoint: string
  readonly price: Price | undefined
  /** Asked only when something limits the dispatch. */
  readonly measure: () => SpendMeasure
}

/** What a dispatch may use at most. */
export interface SpendMeasure {
  readonly inputTokensMax: number
  /** The same as it is likely to be. */
  readonly inputTokens: number
  /** Of one answer; `undefined` when the client gave no bound. */
  readonly outputTokensMax: number | undefined
  /** Of one answer, whatever the client says; `undefined` when the endpoint is not known to have one. */
  readonly outputTokensLimit: number | undefined
  /** The service tiers in which it may be answered. */
  readonly tiers: TierChoice
  /** Answers asked for. 0 where nothing is generated. */
  readonly answers: number
  /** Whether what is generated can be counted while it comes, so that it can be held slice by slice. */
  readonly isCountable: boolean
}

export interface SpendHold {
  /** What the endpoint may generate at most; `undefined` when the request may go as it is. */
  readonly outputTokensCap: number | undefined
  /** More has to be held as the answer comes: `cover` is to be asked. */
  readonly isSliced: boolean
  /** What is held for at most, of all answers together, as it stands: an estimate of what was used is no more. */
  readonly bounds: { readonly inputTokensMax: number; readonly outputTokensMax: number }
  /** As held when the hold was made. */
  readonly charges: readonly Charge[]
  /** Calls back when more is held than before. One listener. */
  onExtended(listener: () => void): void
  /** Holds enough for that much output; false when the money has come to an end. */
  cover(outputTokens: number): boolean | Promise<boolean>
  /** Ends the hold, once: what it came to. `cost` is `undefined` when nobody knows. */
  settle(outcome: SpendOutcome): readonly Charge[]
}

export interface SpendOutcome {
  readonly usage: Usage | undefined
  readonly cost: Picodollars | undefined
  /** Whether anything may have left. */
  readonly isSent: boolean
  /** Whether an answer began to come. */
  readonly isAnswered: boolean
  /** Tokens of what was seen of the answer, at most. */
  readonly countedTokens: number
}

/** How finely what a sliding limit has spent is kept: its span in this many steps. */
const lapseSteps = 64

/** When something spent at an instant comes back: never before its span is over, and on the next step of the span's clock. */
export function toLapseMs(atMs: number, spanMs: number): number {
  const step = Math.max(1, Math.floor(spanMs / lapseSteps))
  return Math.ceil((atMs + spanMs) / step) * step
}

/** One text for all charges: `purse:amount` between commas. */
export function encodeCharges(charges: readonly Charge[]): string {
  let text = ''
  for (const { purse, amount } of charges) text += `${text === '' ? '' : ','}${purse}:${amount}`
  return text
}

/** Several charges as one for each purse, in the order of their first. */
export function addCharges(charges: readonly Charge[]): readonly Charge[] {
  if (charges.length < 2) return charges
  const sums = new Map<number, bigint>()
  for (const { purse, amount } of charges) sums.set(purse, (sums.get(purse) ?? 0n) + amount)
  return [...sums].map(([purse, amount]) => ({ purse, amount }))
}

/** `undefined` when the text is none of charges. */
export function decodeCharges(text: string): readonly Charge[] | undefined {
  const charges: Charge[] = []
  for (let start = 0; start < text.length; ) {
    const comma = text.indexOf(',', start)
    const end = comma === -1 ? text.length : comma
    const colon = text.indexOf(':', start)
    if (!isDigits(text, { start, end: colon }, 15) || !isDigits(text, { start: colon + 1, end }, 60)) return undefined
    charges.push({ purse: Number(text.slice(start, colon)), amount: BigInt(text.slice(colon + 1, end)) })
    if (end === text.length - 1) return undefined // a comma and nothing behind it
    start = end + 1
  }
  return charges
}

function isDigits(
  text: string,
  { start, end }: { readonly start: number; readonly end: number },
  most: number,
): boolean {
  if (end <= start || end - start > most) return false
  for (let index = start; index < end; index++) {
    const code = text.charCodeAt(index)
    if (code < 48 || code > 57) return false
  }
  return true
}
