import type { JsonObject, JsonValue } from '../../core/json.ts'

/** Records that retention has deleted: each must be named by an act of the same tenant. */
export interface GoneJudge {
  takeAct(tenant: string, act: JsonObject): void
  takeGone(place: number, tenant: string, sequence: number): void
  /** After the last record: the act stands later in the log than what it deleted. */
  finish(find: (place: number, message: string) => void): void
}

export function createGoneJudge(): GoneJudge {
  const gone: { readonly place: number; readonly tenant: string; readonly sequence: number }[] = []
  const deleted = new Map<string, (readonly [number, number])[]>()
  return {
    takeAct(tenant, act) {
      if (act['act'] !== 'retention.delete') return
      deleted.set(tenant, [...(deleted.get(tenant) ?? []), ...readRanges(act['sequences'])])
    },
    takeGone(place, tenant, sequence) {
      gone.push({ place, tenant, sequence })
    },
    finish(find) {
      for (const { place, tenant, sequence } of gone) {
        const isNamed = deleted.get(tenant)?.some(([first, last]) => sequence >= first && sequence <= last) === true
        if (!isNamed) find(place, `the tenant's record ${sequence} is gone, and no act of retention says so`)
      }
    },
  }
}

function readRanges(value: JsonValue | undefined): readonly (readonly [number, number])[] {
  if (!Array.isArray(value)) return []
  return value.flatMap((range: JsonValue) =>
    Array.isArray(range) ? [[Number(range[0]), Number(range[1])] as const] : [],
  )
}
