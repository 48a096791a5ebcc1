export { createEgress, type EgressDeps } from './door.ts'
export { toCancelled } from './failure.ts'
export type { NameLookup } from './address.ts'
export type {
  ConnectOptions,
  Egress,
  EgressBody,
  EgressConnection,
  EgressRequest,
  EgressResponse,
  EgressTarget,
  Permit,
  Timeouts,
} from './egress.ts'
export { createErrands, createVisits, type ErrandTarget, type Visit, type Errand, type ErrandAnswer } from './errand.ts'
