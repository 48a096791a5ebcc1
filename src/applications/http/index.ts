export { createHttpServer, describeCause, type HttpServer } from './server.ts'
export { createRoutes } from './routes.ts'
export type { GetParts, HttpParts } from './parts.ts'
