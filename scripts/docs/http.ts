import { createRoutes } from '../../src/applications/index.ts'
import { PlatformError } from '../../src/core/errors.ts'
import { toCode, toMarkdownTable, toPage } from './page.ts'

/** Every route of the server. */
export function toRoutesPage(): string {
  const routes = createRoutes(() => {
    throw new PlatformError('INTERNAL', 'routes are only listed here')
  })
  const rows = routes.map(({ method, path, access, summary }) => [
    toCode(`${method} ${path.replaceAll('*}', '}')}`),
    access === 'public' ? 'anybody' : access === 'admin' ? 'a key with the role admin' : 'a key',
    summary,
  ])
  return toPage(
    'HTTP',
    '`GET /openapi.json` describes the same with the shapes of bodies. A key goes into `authorization: Bearer …` or `x-api-key: …`.',
    [toMarkdownTable(['route', 'who', 'what it does'], rows)],
  )
}
