import { assert } from '../../core/assert.ts'
import type { Route } from './route.ts'

/** Finds the route of a method and a path. */
export interface Router {
  readonly routes: readonly Route[]
  find(method: string, path: string): Match
}

export type Match =
  | { readonly type: 'route'; readonly route: Route; readonly parameters: Readonly<Record<string, string>> }
  /** `encodeError` is that of the face the path belongs to. */
  | {
      readonly type: 'wrong-method'
      readonly allowed: readonly string[]
      readonly encodeError: Route['encodeError']
    }
  | { readonly type: 'none' }

const noParameters = Object.freeze({})

/** Fixed paths are one map look-up; paths with parameters are tried in the order of the table. */
export function createRouter(routes: readonly Route[]): Router {
  const fixed = new Map<string, Match>()
  const patterns: { readonly route: Route; readonly pattern: RegExp; readonly names: readonly string[] }[] = []
  for (const route of routes) {
    if (route.path.includes('{')) patterns.push({ route, ...toPattern(route.path) })
    else {
      const key = `${route.method} ${route.path}`
      assert(!fixed.has(key), `the route ${key} is in the table once`)
      fixed.set(key, { type: 'route', route, parameters: noParameters })
    }
  }
  return {
    routes,
    find(method, path) {
      return fixed.get(`${method} ${path}`) ?? findPattern(method, path)
    },
  }

  function findPattern(method: string, path: string): Match {
    const others = routes.filter((route) => route.path === path)
    for (const { route, pattern, names } of patterns) {
      const match = pattern.exec(path)
      if (match === null) continue
      if (route.method === method) return { type: 'route', route, parameters: toParameters(names, match) }
      others.push(route)
    }
    const [other] = others
    if (other === undefined) return { type: 'none' }
    const allowed = [...new Set(others.map((route) => route.method))]
    return { type: 'wrong-method', allowed, encodeError: other.encodeError }
  }
}

function toPattern(path: string): { readonly pattern: RegExp; readonly names: readonly string[] } {
  const names: string[] = []
  const source = path.replaceAll(/\{(\w+)(\*?)\}|[.]/g, (whole, name: string | undefined, rest: string) => {
    if (name === undefined) return `\\${whole}`
    names.push(name)
    return rest === '*' ? '(.+)' : '([^/]+)'
  })
  return { pattern: new RegExp(`^${source}$`), names }
}

function toParameters(names: readonly string[], match: RegExpExecArray): Readonly<Record<string, string>> {
  return Object.fromEntries(names.map((name, index) => [name, decode(match[index + 1] ?? '')]))
}

/** A path that is not valid percent-encoding is taken as it stands; nothing will be found under it. */
function decode(segment: string): string {
  try {
    return decodeURIComponent(segment)
  } catch {
    return segment
  }
}
