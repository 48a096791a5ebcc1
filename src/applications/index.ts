export { commands, runCli, type CommonOptions, type OpenPlatform, type ProcessActs } from './cli/index.ts'
export {
  createHttpServer,
  createRoutes,
  describeCause,
  rightOf,
  type GetParts,
  type HttpParts,
  type HttpServer,
} from './http/index.ts'
export { askModel } from './ask-model.ts'
export type { FlowParts } from './flow-parts.ts'
