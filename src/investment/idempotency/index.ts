export { createIdempotency, type Begun, type Idempotency, type Work } from './idempotency.ts'
export type { KeptAnswer } from './seal.ts'
