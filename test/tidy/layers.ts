import type { Finding, Project, Source, Violation } from './project.ts'
import { findCapabilities, findEntered, findStanding, isInside } from './places.ts'

/** Law 1: imports point down; rooms meet only above; nothing but `main.ts` and what tests it knows the platform. */
export function checkLayers(project: Project): Finding {
  const violations: Violation[] = []
  let judged = 0
  for (const source of project.sources) {
    const from = findStanding(source.path)
    if (from === undefined && isInside(source.path, 'src')) {
      violations.push({ path: source.path, line: 1, what: 'stands in no room of the house' })
    }
    for (const each of source.imports) {
      const target = each.target
      const to = target === undefined ? undefined : findStanding(target)
      if (target === undefined || to === undefined || from === undefined) continue
      judged++
      const reason = findReason(from, to)
      if (reason !== undefined) {
        violations.push({ path: source.path, line: source.lineOf(each.offset), what: `imports ${target}: ${reason}` })
      }
    }
  }
  return { judged, violations }
}

/** Law 2: a folder is entered by its door, `index.ts`. Core has no door; tests may use a folder's `testing.ts`. */
export function checkDoors(project: Project): Finding {
  const capabilities = findCapabilities(project.sources.map(({ path }) => path))
  const violations: Violation[] = []
  let judged = 0
  for (const source of project.sources) {
    for (const each of source.imports) {
      if (each.target === undefined) continue
      const entered = findEntered(source.path, each.target, capabilities)
      if (entered === undefined) continue
      judged++
      const isDoor = each.target === `${entered}/index.ts`
      const isForTests = each.target === `${entered}/testing.ts` && isTestCode(source)
      if (!isDoor && !isForTests) {
        const what = `imports ${each.target}: enter by ${entered}/index.ts`
        violations.push({ path: source.path, line: source.lineOf(each.offset), what })
      }
    }
  }
  return { judged, violations }
}

/** Law 5, first part: no cycle of imports that exist at run time. */
export function checkCycles(project: Project): Finding {
  const edges = new Map(project.sources.map((source) => [source.path, runtimeTargets(source)]))
  const cycles = findCycles(edges)
  return {
    judged: [...edges.values()].reduce((sum, targets) => sum + targets.length, 0),
    violations: cycles.map((cycle) => ({
      path: cycle[0] ?? '',
      line: 1,
      what: `imports itself through ${cycle.slice(1).join(', ')}`,
    })),
  }
}

interface Place {
  readonly level: number
  readonly area: string
}

function findReason(from: Place, to: Place): string | undefined {
  if (to.level > from.level) return 'imports point down'
  if (from.area === to.area) return undefined
  if (to.area === 'platform') return from.level === 5 ? undefined : 'only main.ts knows the platform'
  if (from.level === 2 && to.level === 2) return 'the rooms meet through the ports in core/'
  if (from.level === 1 && to.level === 1 && to.area !== 'config')
    return 'the folders of the floor know core and config only'
  return from.area === 'config' && to.level === 1 ? 'config knows core only' : undefined
}

function isTestCode(source: Source): boolean {
  return source.isTest || source.path.endsWith('/testing.ts') || /^(test|bench|scripts|examples)\//.test(source.path)
}

function runtimeTargets(source: Source): readonly string[] {
  return source.imports.flatMap((each) => (each.isTypeOnly || each.target === undefined ? [] : [each.target]))
}

/** The strongly connected parts of more than one file, and files that import themselves (Tarjan, 1972). */
function findCycles(edges: ReadonlyMap<string, readonly string[]>): readonly (readonly string[])[] {
  const order = new Map<string, number>()
  const low = new Map<string, number>()
  const stack: string[] = []
  const cycles: string[][] = []
  const visit = (path: string): number => {
    const index = order.size
    order.set(path, index)
    low.set(path, index)
    stack.push(path)
    for (const target of edges.get(path) ?? []) {
      if (!edges.has(target)) continue
      const reached = order.has(target) ? (stack.includes(target) ? order.get(target) : undefined) : visit(target)
      if (reached !== undefined) low.set(path, Math.min(low.get(path) ?? index, reached))
    }
    const lowest = low.get(path) ?? index
    if (lowest === index) {
      const part = stack.splice(stack.indexOf(path))
      if (part.length > 1 || (edges.get(path) ?? []).includes(path)) cycles.push(part)
    }
    return lowest
  }
  for (const path of edges.keys()) if (!order.has(path)) visit(path)
  return cycles
}
