import type { CallFacts } from '../../core/call.ts'
import type { DispatchIntent, IdentifiedAnswer } from '../../core/ports.ts'
import { addCharges, encodeCharges, type Charge } from '../../core/spending.ts'
import type { Usage } from '../../core/usage.ts'
import type { ByteLine } from './byte-line.ts'

/*
 * A line of the journal is the length of its body, a tab, a body, a newline. Bodies are fields between tabs; an empty one
 * is absence. Times that may have a fraction stand in whole microseconds, and instants as the distance from the first of
 * the tree, because short integers are written several times as fast as others.
 *
 *   I rootId callId tenant keyId endpoint vendorModel atMs
 *   A rootId callId answer: how the vendor knows the answer that has begun
 *   S rootId calls tenant keyId startedAtMs ( id parentId kind name startedAtMs durationMs status errorCode firstByteMs detail
 *     vendorModel regions priceVersion cost source inputTotal cacheRead cacheWrite5m cacheWrite1h outputTotal reasoning raw )*
 *   J as I, then charges · T as S, then charges: under a budget, what is held, and what was charged in the end
 */

/** Fields of a settlement before those of its calls. */
export const treeFields = 6
/** Fields of one call in a settlement. */
export const factFields = 22
/** The first of those that only dispatches have. */
export const dispatchStart = 10
const usageFields = 8
const dot = 46
const costMax = 2n ** 63n - 1n

const letters = {
  intent: toCode('I'),
  heldIntent: toCode('J'),
  answer: toCode('A'),
  settlement: toCode('S'),
  chargedSettlement: toCode('T'),
  request: toCode('r'),
  model: toCode('m'),
  dispatch: toCode('d'),
  ok: toCode('o'),
  error: toCode('e'),
  cancelled: toCode('c'),
  interrupted: toCode('i'),
  reported: toCode('r'),
  estimated: toCode('e'),
} as const

/** What is about to be sent. */
export function encodeIntent(line: ByteLine, intent: DispatchIntent): void {
  const { charges } = intent
  line.start(charges === undefined ? letters.intent : letters.heldIntent)
  line.text(intent.rootId)
  encodePlace(line, intent.callId, intent.rootId)
  line.text(intent.tenant)
  line.text(intent.keyId)
  line.text(intent.endpoint)
  line.text(intent.vendorModel)
  line.integer(Math.trunc(intent.atMs))
  if (charges !== undefined) line.text(encodeCharges(charges))
}

/** How the vendor knows the answer of a dispatch. */
export function encodeIdentified(line: ByteLine, { rootId, callId, answer }: IdentifiedAnswer): void {
  line.start(letters.answer)
  line.text(rootId)
  encodePlace(line, callId, rootId)
  line.json(answer)
}

/** One call tree; the first fact names root, tenant and key of all. */
export function encodeSettlement(line: ByteLine, facts: readonly [CallFacts, ...CallFacts[]]): void {
  const { rootId, tenant, keyId } = facts[0]
  const startedAtMs = Math.trunc(facts[0].startedAtMs)
  const charges = chargesOf(facts)
  line.start(charges === undefined ? letters.settlement : letters.chargedSettlement)
  line.text(rootId)
  line.integer(facts.length)
  line.text(tenant)
  line.text(keyId)
  line.integer(startedAtMs)
  for (const fact of facts) {
    encodePlace(line, fact.id, rootId)
    encodePlace(line, fact.parentId, rootId)
    line.letter(letters[fact.kind])
    line.text(fact.name)
    line.integer(Math.trunc(fact.startedAtMs) - startedAtMs)
    line.integer(Math.round(fact.durationMs * 1_000))
    line.letter(letters[fact.status])
    line.text(fact.errorCode)
    line.integer(fact.firstByteMs === undefined ? undefined : Math.round(fact.firstByteMs * 1_000))
    line.json(fact.detail)
    encodeDispatch(line, fact)
  }
  if (charges !== undefined) line.text(charges)
}

/** What a whole tree was charged; `undefined` when no budget limits it. */
function chargesOf(facts: readonly CallFacts[]): string | undefined {
  let all: readonly Charge[] | undefined
  for (const { charges } of facts) {
    if (charges === undefined) continue
    all = all === undefined ? charges : [...all, ...charges]
  }
  return all === undefined ? undefined : encodeCharges(addCharges(all))
}

function encodeDispatch(line: ByteLine, fact: CallFacts): void {
  const { usage, vendorModel, regions, priceVersion, cost } = fact
  const isBare = vendorModel === undefined && regions === undefined && priceVersion === undefined && cost === undefined
  if (usage === undefined && isBare) return line.skip(factFields - dispatchStart)
  line.text(vendorModel)
  line.json(regions)
  line.text(priceVersion)
  line.text(encodeCost(cost))
  if (usage === undefined) line.skip(usageFields)
  else encodeUsage(line, usage)
}

function encodeUsage(line: ByteLine, usage: Usage): void {
  line.letter(letters[usage.source])
  line.integer(toCount(usage.inputTotal))
  line.integer(toCount(usage.cacheRead))
  line.integer(toCount(usage.cacheWrite5m))
  line.integer(toCount(usage.cacheWrite1h))
  line.integer(toCount(usage.outputTotal))
  line.integer(toCount(usage.reasoning))
  line.json(usage.raw)
}

/** A cost that 64 bits cannot hold (9.2 million dollars for one call) is unknown rather than wrapped. */
function encodeCost(cost: bigint | undefined): string | undefined {
  return cost === undefined || cost > costMax || cost < -costMax ? undefined : cost.toString()
}

/** A count that is no whole number is not one that was reported in any known form: absent. The raw usage keeps it. */
function toCount(value: number | undefined): number | undefined {
  return Number.isSafeInteger(value) ? value : undefined
}

/** A place in the tree: `.` is the root, `.7` its seventh node, `=…` an id of another form. */
function encodePlace(line: ByteLine, id: string | undefined, rootId: string): void {
  if (id === undefined) return line.skip(1)
  if (id === rootId) return line.letter(dot)
  const isChild = id.length > rootId.length + 1 && id.charCodeAt(rootId.length) === dot && id.startsWith(rootId)
  if (isChild) line.text(id, rootId.length)
  else line.text(`=${id}`)
}

function toCode(letter: string): number {
  return letter.charCodeAt(0)
}
