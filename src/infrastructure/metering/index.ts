export { readBody, type BodyDialect, type BodyReading } from './body.ts'
