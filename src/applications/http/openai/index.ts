export { openaiRoutes } from './routes.ts'
export { toTraits } from './models.ts'
