import type { TenantAccess } from '../access/access.ts'
import type { CollectionView } from './view.ts'

/** What of a collection a question may see, and how much that is: ranking knows nothing of the rest. */
export interface Scope {
  /** 1 for each entry that may be seen, by its number; `undefined` when all may. */
  readonly visible: Uint8Array | undefined
  readonly entryCount: number
  readonly chunkCount: number
  readonly termCount: number
  /** 1 for each chunk that may be a candidate, by its number; `undefined` when all may. Counts are of all. */
  readonly allowed?: Uint8Array | undefined
  /** Whether the texts of candidates are read before some of them are taken: then there are more of them. */
  readonly isRead?: boolean
  /** What written contexts count, above 0; as `weights` say when absent. */
  readonly contextWeight?: number
  /** How many of its chunks and entries hold a term, as far as it has been asked. */
  readonly counts: Map<string, { readonly chunks: number; readonly documents: number }>
}

export interface Viewer {
  /** Who asks, groups included; `undefined` for whoever may see everything of the tenant. */
  readonly principals: ReadonlySet<string> | undefined
  /** Regions whose documents may be seen; `undefined` for all. Documents bound to none are seen in any case. */
  readonly regions: ReadonlySet<string> | undefined
  /** Documents that are not seen by anybody; `undefined` for none. */
  readonly excluded?: ReadonlySet<string> | undefined
  /** As it was at that instant; `undefined` for now. */
  readonly asOfMs: number | undefined
  /** Entries among which to look; `undefined` for all. */
  readonly among?: ReadonlySet<number> | undefined
}

export function createScope(view: CollectionView, access: TenantAccess, viewer: Viewer): Scope {
  const lists = new Map<string | null, boolean>()
  const visible = new Uint8Array(view.entryEnd)
  let [entryCount, chunkCount, termCount, isAll] = [0, 0, 0, true]
  for (const entry of view.entries.values()) {
    const isOut =
      viewer.excluded?.has(entry.document) === true ||
      viewer.among?.has(entry.number) === false ||
      !isInForce(entry, viewer.asOfMs)
    if (isOut || !isInRegion(entry.region, viewer.regions) || !isAllowed(entry.acl)) {
      isAll = false
      continue
    }
    visible[entry.number] = 1
    if (entry.chunkCount > 0) entryCount++
    chunkCount += entry.chunkCount
    termCount += entry.termCount
  }
  return { visible: isAll ? undefined : visible, entryCount, chunkCount, termCount, counts: new Map() }

  function isAllowed(list: string | null): boolean {
    const { principals } = viewer
    if (principals === undefined) return true
    let allowed = lists.get(list)
    if (allowed === undefined) lists.set(list, (allowed = access.allows(list, principals)))
    return allowed
  }
}

function isInForce(
  entry: { readonly fromMs: number; readonly toMs: number | null },
  asOfMs: number | undefined,
): boolean {
  if (asOfMs === undefined) return entry.toMs === null
  return entry.fromMs <= asOfMs && (entry.toMs === null || asOfMs < entry.toMs)
}

function isInRegion(region: string | null, regions: ReadonlySet<string> | undefined): boolean {
  return region === null || regions === undefined || regions.has(region)
}
