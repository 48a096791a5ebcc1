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
  /** `near`: what the path would be without a base too much or too little. `encodeError` is absent where it is of no face. */
  | { readonly type: 'none'; readonly near: string | undefined; readonly encodeError: Route['encodeError'] | undefined }

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
      // What HEAD answers is what GET would, without its body, which node:http leaves out.
      const asked = method === 'HEAD' ? 'GET' : method
      return fixed.get(`${asked} ${path}`) ?? findPattern(asked, path)
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
    if (other === undefined) return findNear(path)
    const methods = others.flatMap((route) => (route.method === 'GET' ? ['GET', 'HEAD'] : [route.method]))
    return { type: 'wrong-method', allowed: [...new Set(methods)], encodeError: other.encodeError }
  }

  function findNear(path: string): Match {
    for (const near of listNear(path)) {
      const route =
        routes.find((each) => each.path === near) ?? patterns.find(({ pattern }) => pattern.test(near))?.route
      if (route !== undefined && near !== path) return { type: 'none', near, encodeError: route.encodeError }
    }
    // Below `/v1/messages` and `/scim/v2` are the faces that begin so.
    const beginning = path.split('/', 3).join('/')
    const beside = routes.find((each) => each.path === beginning || each.path.startsWith(`${beginning}/`))
    return { type: 'none', near: undefined, encodeError: beside?.encodeError }
  }
}

const basesMax = 3

/** What a client may have meant whose base URL has a path too much, or lacks `/v1`, or that writes a slash too many. */
function listNear(path: string): readonly string[] {
  const segments = path.split('/', 32).filter((segment) => segment !== '')
  return Array.from({ length: Math.min(basesMax, segments.length) }, (_, start) => {
    const rest = `/${segments.slice(start).join('/')}`
    return rest.startsWith('/v1/') ? [rest] : [rest, `/v1${rest}`]
  }).flat()
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

/** A path that is not valid percent-encoding, or holds U+0000, is taken as it stands; nothing will be found under it. */
function decode(segment: string): string {
  try {
    const decoded = decodeURIComponent(segment)
    return decoded.includes('\0') ? segment : decoded
  } catch {
    return segment
  }
}
