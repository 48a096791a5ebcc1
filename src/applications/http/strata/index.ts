export { strataRoutes } from './routes.ts'
