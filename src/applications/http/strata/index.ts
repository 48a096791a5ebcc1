export { strataRoutes } from './routes.ts'
export { toUsageJson } from './extension.ts'
