export { toCallJson, toTreeJson } from './call-json.ts'
export { toKeyJson } from './keys.ts'
export { strataRoutes } from './routes.ts'
export { bodyDialects, priceBody } from './pricing.ts'
