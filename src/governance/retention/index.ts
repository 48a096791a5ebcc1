export { createRetention, type LegalHold, type Retention } from './retention.ts'
