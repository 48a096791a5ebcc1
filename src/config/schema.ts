import { z } from 'zod'
import { edgeSchema } from './sections/edge.ts'
import { egressSchema } from './sections/egress.ts'
import { endpointsSchema } from './sections/endpoints.ts'
import { governanceSchema } from './sections/governance.ts'
import { investmentSchema } from './sections/investment.ts'
import { knowledgeSchema } from './sections/knowledge.ts'
import { modelsSchema } from './sections/models.ts'
import { networkSchema } from './sections/network.ts'
import { routersSchema } from './sections/routers.ts'
import { serverSchema } from './sections/server.ts'
import { sourcesSchema } from './sections/sources.ts'
import { storeSchema } from './sections/store.ts'
import { telemetrySchema } from './sections/telemetry.ts'

/** The one schema of strata.yaml: every key with its default, bound, unit and sentence. Types, docs and the editor's help derive from it. */
export const configSchema = z.strictObject({
  discover: z
    .boolean()
    .default(false)
    .describe(
      'Adds what can be found: vendors whose key is in the environment, servers on loopback, the built-in extract. What the file says wins. Always on when there is no file.',
    ),
  server: serverSchema.prefault({}),
  store: storeSchema.prefault({}),
  telemetry: telemetrySchema.prefault({}),
  egress: egressSchema.prefault({}),
  edge: edgeSchema.prefault({}),
  endpoints: endpointsSchema.default({}).describe('Places that answer, by id.'),
  models: modelsSchema
    .default({})
    .describe('Models that clients may ask for, by name, composed of endpoints and of each other.'),
  network: networkSchema.prefault({}),
  routers: routersSchema.default({}),
  governance: governanceSchema.prefault({}),
  investment: investmentSchema.prefault({}),
  knowledge: knowledgeSchema.prefault({}),
  sources: sourcesSchema.default({}),
})

export type Config = Readonly<z.infer<typeof configSchema>>
export type EndpointConfig = Config['endpoints'][string]
export type EndpointDialect = EndpointConfig['dialect']
export type SourceConfig = Config['sources'][string]
export type PriceConfig = NonNullable<EndpointConfig['price']>
