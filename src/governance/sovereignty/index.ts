export { createAdmission, type Admission } from './admission.ts'
export { checkRegions } from './check.ts'
export { createSovereignGate } from './sovereign-gate.ts'
export { createRegionGate, type RegionLattice } from './gate.ts'
