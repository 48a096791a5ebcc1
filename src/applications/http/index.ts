export { createHttpServer, type HttpServer } from './server.ts'
export { createRoutes } from './routes.ts'
export { isOfHouse, rightOf } from './route.ts'
export type { GetParts, HttpParts } from './parts.ts'
