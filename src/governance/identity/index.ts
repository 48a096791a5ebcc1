export { delegateKeys } from './delegation.ts'
export { createIdentity, type Identity } from './identity.ts'
export type { KeyRecord, Tenant } from './records.ts'
export type { KeyRequest } from './request.ts'
export {
  createDirectory,
  toNameKey,
  type Directory,
  type Group,
  type NewGroup,
  type NewPerson,
  type Page,
  type Person,
} from './provisioning/index.ts'
export { createSignOn, sessionPrefix, type AskProvider, type SignOn } from './sign-on/index.ts'
