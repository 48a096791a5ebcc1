export { builtInPacks, findCases, loadPack } from './catalogue.ts'
export { checkPack } from './check.ts'
export { diffPacks } from './diff.ts'
export { createPolicyEngine, toInstant, type Decision, type PolicyEngine } from './engine.ts'
