/** The platform: everything Strata is made of, joined. The only place where things are constructed. */
export { createPlatform, type Platform } from './platform.ts'
export { createOverlapMeter, createPersonalDataScanner, decideRights } from '../governance/index.ts'
export { createProbe, installRuntime, openPreparation } from './local.ts'
export { createDuplicateIndex } from '../tools/index.ts'
