export { createIdentity, type Identity } from './identity/index.ts'
export { checkRegions, createAdmission, createRegionGate, type RegionLattice } from './sovereignty/index.ts'
