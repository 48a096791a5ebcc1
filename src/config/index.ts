export { configSchema, type Config, type EndpointConfig, type EndpointDialect, type PriceConfig } from './schema.ts'
export type { EndpointNode, FallbackNode, GroundNode, ModelNode } from './sections/models.ts'
