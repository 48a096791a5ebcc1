import type { DispatchIntent } from '../../core/ports.ts'
import { toReferenceJson } from '../../core/ports-lookups.ts'
import type { CallRow } from './decode.ts'

/** The name of a request that ended with its process: nothing on the disk says what was asked for. No model has it. */
const unknownName = '(unknown)'

/**
 * Trees for dispatches whose process died under them: status `interrupted`, usage and cost unknown, because nobody can
 * say what the endpoint did. Their root gets a row as well, unless it has one. They are known to have lasted until the
 * process last wrote, `lastSignMs`.
 */
export function toInterrupted(intents: readonly DispatchIntent[], lastSignMs: number): readonly (readonly CallRow[])[] {
  return [...Map.groupBy(intents, ({ rootId }) => rootId)].map(([rootId, own]) => {
    const rows = own.map((intent) => toRow(intent, { kind: 'dispatch', lastSignMs }))
    const first = own.reduce((least, intent) => (intent.atMs < least.atMs ? intent : least))
    const hasRoot = own.some(({ callId }) => callId === rootId)
    return hasRoot ? rows : [...rows, toRow(first, { kind: 'request', lastSignMs })]
  })
}

function toRow(
  intent: DispatchIntent,
  options: { readonly kind: 'request' | 'dispatch'; readonly lastSignMs: number },
): CallRow {
  const { tenant, rootId, callId, keyId, endpoint, vendorModel, atMs, answer } = intent
  const durationMs = Math.max(0, options.lastSignMs - atMs)
  const isKnown = answer !== undefined && options.kind === 'dispatch'
  const known = isKnown ? { answer: toReferenceJson(answer) } : {}
  const detail = JSON.stringify({ reason: 'the process ended before the call', ...known })
  if (options.kind === 'request') {
    return [tenant, rootId, rootId, null, 'request', unknownName, keyId, atMs, durationMs, 'interrupted', detail]
  }
  const parentId = callId === rootId ? null : rootId
  const head = [tenant, rootId, callId, parentId, 'dispatch', endpoint, keyId, atMs, durationMs, 'interrupted', detail]
  return [...head, null, null, vendorModel || null]
}
