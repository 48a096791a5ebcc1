export { createChecks, type Check, type Verdict } from './check.ts'
