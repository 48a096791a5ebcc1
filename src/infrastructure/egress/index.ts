export { createEgress, type EgressDeps } from './door.ts'
export type { NameLookup } from './address.ts'
export type { Egress, EgressBody, EgressRequest, EgressResponse, EgressTarget, Permit, Timeouts } from './egress.ts'
export { createErrands, type Errand, type ErrandAnswer } from './errand.ts'
