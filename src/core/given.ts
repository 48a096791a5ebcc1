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

/**
 * Regions that each bind what a tree has said: those of documents it was given passages of. Nodes say so in their detail
 * (`bound`).
 */
export function regionsBound(facts: readonly CallFacts[]): readonly string[] {
  const bound = facts.flatMap(({ detail }) => {
    const regions = detail?.['bound']
    return Array.isArray(regions) ? (regions as readonly JsonValue[]) : []
  })
  return [...new Set(bound.filter((region) => typeof region === 'string'))]
}

/** The regions a request was allowed, as its root says; `undefined` where it does not. Older records have another name for them. */
export function regionsAllowed({ detail }: Pick<CallFacts, 'detail'>): readonly string[] | undefined {
  const allowed = detail?.['allowed_regions'] ?? detail?.['allowedRegions']
  if (!Array.isArray(allowed)) return undefined
  return (allowed as readonly JsonValue[]).filter((region) => typeof region === 'string')
}
