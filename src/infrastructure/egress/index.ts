export type { Egress, EgressBody, EgressRequest, EgressResponse, EgressTarget, Permit, Timeouts } from './egress.ts'
