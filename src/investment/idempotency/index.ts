export { createIdempotency, type Begun, type Idempotency, type IdempotencyDeps, type Work } from './idempotency.ts'
export type { KeptAnswer } from './seal.ts'
