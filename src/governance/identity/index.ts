export { createIdentity, type Identity, type IdentityDeps, type Keys, type Tenants } from './identity.ts'
export type { KeyRecord, Tenant } from './records.ts'
export type { KeyRequest } from './request.ts'
