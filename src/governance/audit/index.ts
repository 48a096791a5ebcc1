export { createAuditLog, type AuditLog } from './audit.ts'
export { createAuditKey, readAuditKey } from './checkpoint.ts'
export { verifyExport, type AuditReport } from './verify.ts'
export { createWitnessing, type AskPlace, type Witnessing } from './witnesses/index.ts'
