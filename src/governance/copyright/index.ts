export { createCopyright, type Copyright, type RightsView } from './copyright.ts'
export { createOverlapMeter, type OverlapMeter, type ProtectedText } from './overlap/overlap-meter.ts'
export type { RightsSources } from './signals/signal.ts'
export { decideRights, type Rights } from './rights/decide.ts'
