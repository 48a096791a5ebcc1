import { createRoutes, isOfHouse, rightOf } from '../../src/applications/http/index.ts'
import { PlatformError } from '../../src/core/errors.ts'
import { toCode, toMarkdownTable, toPage } from './page.ts'

/** Every route of the server. */
export function toRoutesPage(): string {
  const routes = createRoutes(() => {
    throw new PlatformError('INTERNAL', 'routes are only listed here')
  })
  const rows = routes.map((route) => {
    const right = rightOf(route)
    const name = `${route.method} ${route.path.replaceAll('*}', '}')}`
    const who = right === undefined ? 'anybody' : toCode(right)
    return [toCode(name), isOfHouse(route) ? `${who}, of the house` : who, route.summary]
  })
  return toPage(
    'HTTP',
    '`GET /openapi.json` describes the same with the shapes of bodies. A key goes into `authorization: Bearer …` or `x-api-key: …`; [roles.md](roles.md) says which roles have a right. What is of the house concerns every tenant: only keys of the tenant `default` may, in `/openapi.json` `x-strata-scope`.',
    [toMarkdownTable(['route', 'right', 'what it does'], rows)],
  )
}
