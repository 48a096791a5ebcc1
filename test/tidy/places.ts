import { posix } from 'node:path'

/** The five rooms: side by side, resting on the floor, joined only from above. */
export const rooms = ['infrastructure', 'models', 'tools', 'investment', 'governance'] as const

/** Where a file of `src/` stands: its storey, and the room or floor it is in. `undefined` for a place that is not planned. */
export interface Standing {
  readonly level: 0 | 1 | 2 | 3 | 4 | 5
  readonly area: string
}

export function findStanding(path: string): Standing | undefined {
  const [top, area = '', ...rest] = path.split('/')
  if (top !== 'src') return undefined
  if (rest.length === 0) return area === 'main.ts' ? { level: 5, area: 'main' } : undefined
  if (area === 'core') return { level: 0, area }
  if (area === 'config' || area === 'store' || area === 'telemetry') return { level: 1, area }
  if (rooms.some((room) => room === area)) return { level: 2, area }
  if (area === 'applications') return { level: 3, area }
  return area === 'platform' ? { level: 4, area } : undefined
}

/**
 * The capability folders: each folder directly under a room, store, config, telemetry, platform, each folder directly under
 * applications, and each face of http. Found from the files there are.
 */
export function findCapabilities(paths: readonly string[]): readonly string[] {
  const folders = new Set<string>()
  for (const path of paths) {
    const parts = path.split('/')
    const [top, area = '', name = ''] = parts
    if (top !== 'src' || !path.endsWith('.ts')) continue
    if (['store', 'config', 'telemetry', 'platform'].includes(area)) folders.add(`src/${area}`)
    const isInRoom = rooms.some((room) => room === area) || area === 'applications'
    if (isInRoom && parts.length > 3) folders.add(`src/${area}/${name}`)
    const isFace = area === 'applications' && name === 'http' && parts.length > 4
    if (isFace) folders.add(`src/applications/http/${parts[3] ?? ''}`)
  }
  return [...folders].sort()
}

/** The outermost capability folder that holds the target but not the importer: the one that is entered. */
export function findEntered(from: string, target: string, capabilities: readonly string[]): string | undefined {
  return capabilities
    .filter((folder) => isInside(target, folder) && !isInside(from, folder))
    .toSorted((left, right) => left.length - right.length)[0]
}

export function isInside(path: string, folder: string): boolean {
  return path.startsWith(`${folder}/`)
}

/** `store.ts` of a capability, or anything in the store itself: where SQL may stand. */
export function isStoreFile(path: string): boolean {
  return isInside(path, 'src/store') || posix.basename(path) === 'store.ts'
}
