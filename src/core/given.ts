import type { CallFacts } from './call.ts'
import { isJsonObject, type JsonValue } from './json.ts'

/** Versions of the documents whose passages models of a tree were given, each once: nodes say so in their detail (`passages`). */
export function versionsGiven(facts: readonly CallFacts[]): readonly string[] {
  const versions = new Set<string>()
  for (const { detail } of facts) {
    const passages = detail?.['passages']
    if (!Array.isArray(passages)) continue
    for (const passage of passages as readonly JsonValue[]) {
      const version = isJsonObject(passage) ? passage['version'] : undefined
      if (typeof version === 'string') versions.add(version)
    }
  }
  return [...versions]
}
