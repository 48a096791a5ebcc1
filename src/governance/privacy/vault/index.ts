export { createVault, type PersonalDataVault, type VaultValue } from './vault.ts'
