export { createIdentity, type Identity } from './identity.ts'
export type { KeyRecord, Tenant } from './records.ts'
export type { KeyRequest } from './request.ts'
export { createSignOn, sessionPrefix, type AskProvider, type SignOn } from './sign-on/index.ts'
