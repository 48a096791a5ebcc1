export { createRetention, type LegalHold, type Retention, type Swept } from './retention.ts'
