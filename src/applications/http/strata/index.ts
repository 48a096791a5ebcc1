export { toCallJson, toTreeJson } from './call-json.ts'
export { strataRoutes } from './routes.ts'
