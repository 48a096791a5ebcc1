export type { GetParts, HttpParts, HttpServer } from './http/index.ts'
export { askModel } from './ask-model.ts'
export type { FlowParts } from './flow-parts.ts'
