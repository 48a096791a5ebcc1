export { createLookups, type LookedUp, type Lookups } from './lookups.ts'
