export { encodingNames, networkDialects, priceSchema } from './sections/endpoints.ts'
export {
  configSchema,
  type Config,
  type EndpointConfig,
  type EndpointDialect,
  type PriceConfig,
  type SourceConfig,
} from './schema.ts'
export { readModelNode } from './model-node.ts'
export type { EndpointNode, FallbackNode, ForecastNode, GroundNode, ModelNode, ShadowNode } from './sections/models.ts'
export { languages, tasks, type ConditionConfig } from './sections/conditions.ts'
export type { SignOnConfig } from './sections/sign-on.ts'
export type { GuardConfig, GuardPlace } from './sections/guards.ts'
export { budgetLimitsSchema } from './sections/node-settings.ts'
export type {
  AcceptConfig,
  Agreement,
  BestNode,
  BudgetConfig,
  CacheNode,
  CascadeNode,
  CheckConfig,
  CodeCheckConfig,
  ExperimentNode,
  Judge,
  MapNode,
  MixNode,
  NodeCommons,
  PromptNode,
  RouteNode,
  VerifyNode,
  VoteNode,
} from './sections/node-types.ts'
export { configJsonSchema, type KeySchema } from './json-schema.ts'
export { configFileName, hasConfigFile, loadConfig, type LoadedConfig, type LoadOptions } from './load.ts'
export { discoverConfig, type DiscoverOptions } from './discover.ts'
export { watchConfig, type ConfigWatch, type WatchOptions } from './watch.ts'
export { readConfig, type ReadOptions } from './read.ts'
