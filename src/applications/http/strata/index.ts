export { strataRoutes } from './routes.ts'
export { toUsageJson } from './extension.ts'
export { toCallJson, toTreeJson } from './call-json.ts'
