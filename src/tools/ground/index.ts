export { createGroundKind, type GroundParts } from './ground.ts'
