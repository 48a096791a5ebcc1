export { openaiRoutes } from './routes.ts'
export { toTraits } from './model-list.ts'
