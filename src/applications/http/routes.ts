import { anthropicRoutes } from './anthropic/index.ts'
import { toDescription } from './description.ts'
import { openaiRoutes } from './openai/index.ts'
import type { GetParts } from './parts.ts'
import type { Route } from './route.ts'
import { scimRoutes } from './scim/index.ts'
import { strataRoutes } from './strata/index.ts'

/** Every route of the server, its own description among them. */
export function createRoutes(getParts: GetParts): readonly Route[] {
  const routes: readonly Route[] = [
    ...openaiRoutes(getParts),
    ...anthropicRoutes(getParts),
    ...scimRoutes(getParts),
    ...strataRoutes(getParts, () => toDescription(routes)),
  ]
  return routes
}
