export type { Adapter, Attempt, Endpoint, Upstream } from './adapter.ts'
