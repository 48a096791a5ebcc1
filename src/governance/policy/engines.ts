import { createCedarEngine } from './cedar/index.ts'
import { createPolicyEngine, type PolicyEngine } from './engine.ts'
import type { Pack } from './pack.ts'

/** The engine of the language a pack is written in. Throws as that does. */
export function createEngine(pack: Pack): PolicyEngine {
  return pack.language === 'cedar' ? createCedarEngine(pack) : createPolicyEngine(pack)
}
