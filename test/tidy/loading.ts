import { isInside, rooms } from './places.ts'
import type { Finding, Project, Source, Violation } from './project.ts'

const verbs = 'src/applications/cli/commands'

/**
 * What loads with every command is the words, the table of verbs and the platform's door; what loads with one verb is
 * the folders that it names, never a whole room, the server or the platform. The folding thread does without the store's door.
 */
export function checkLoading(project: Project): Finding {
  const sources = new Map(project.sources.map((source) => [source.path, source]))
  const started = follow(sources, 'src/main.ts')
    .filter(({ target }) => !isLight(target))
    .map(({ from, line, target }) => ({ path: from, line, what: `loads ${target} with every command` }))
  const starts = project.sources
    .map(({ path, isTest }) => (isTest || !isInside(path, verbs) ? undefined : path))
    .filter((path) => path !== undefined && path !== `${verbs}/index.ts`)
  const called = starts.flatMap((path = '') =>
    follow(sources, path)
      .filter(({ target }) => isWhole(target))
      .map(({ from, line, target }): Violation => ({ path: from, line, what: `loads ${target} for ${path}` })),
  )
  const folding = project.sources.filter(isFolding).map(({ path }) => path)
  const folded = folding.flatMap((path) =>
    follow(sources, path)
      .filter(({ target }) => target === 'src/store/index.ts')
      .map(
        ({ from, line, target }): Violation => ({ path: from, line, what: `loads ${target} into the folding thread` }),
      ),
  )
  const judged = starts.length + folding.length + (sources.has('src/main.ts') ? 1 : 0)
  return { judged, violations: [...started, ...called, ...folded] }
}

/** The thread that folds, and what it does on the side: beside the process for all its life, so it loads neither query builder nor migrations. */
function isFolding({ path, text, isTest }: Source): boolean {
  return path === 'src/store/journal/worker.ts' || (!isTest && text.includes('export function openSideWork('))
}

function isLight(path: string): boolean {
  if (path === 'src/platform/index.ts' || isInside(path, 'src/core')) return true
  return isInside(path, 'src/applications/cli') && (!isInside(path, verbs) || path === `${verbs}/index.ts`)
}

function isWhole(path: string): boolean {
  return (
    rooms.some((room) => path === `src/${room}/index.ts`) ||
    isInside(path, 'src/applications/http') ||
    isInside(path, 'src/platform')
  )
}

interface Loaded {
  readonly from: string
  readonly line: number
  readonly target: string
}

/** Every file that is loaded together with one, each by the first import that leads to it. */
function follow(sources: ReadonlyMap<string, Source>, start: string): readonly Loaded[] {
  const loaded: Loaded[] = []
  const known = new Set([start])
  const waiting = [start]
  for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
    const source = sources.get(path)
    for (const { target, isTypeOnly, isDeferred, offset } of source?.imports ?? []) {
      if (source === undefined || target === undefined || isTypeOnly || isDeferred || known.has(target)) continue
      known.add(target)
      waiting.push(target)
      loaded.push({ from: source.path, line: source.lineOf(offset), target })
    }
  }
  return loaded
}
