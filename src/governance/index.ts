export { createIdentity, type Identity, type KeyRecord } from './identity/index.ts'
export { createPersonalDataScanner } from './privacy/index.ts'
export { checkRegions, createAdmission, createRegionGate, type RegionLattice } from './sovereignty/index.ts'
