import { join } from 'node:path'
import { z } from 'zod'
import { PlatformError } from '../../core/errors.ts'
import { findSimilar } from '../../core/similar.ts'
import { readYamlFile } from './catalogue.ts'
import { isDate } from './vocabulary.ts'

/** Catalogues of controls that other packs' obligations and evidence here are tagged by. They decide nothing. */
export const controlCatalogues = ['iso-42001', 'nist-ai-rmf'] as const

const day = z.string().refine(isDate, 'a date, YYYY-MM-DD')
const sentence = z.string().min(1).max(1_000)

const evidenceSchema = z.record(z.string(), z.strictObject({ shows: sentence, at: z.array(z.string().min(1)).min(1) }))

const catalogueSchema = z.strictObject({
  id: z.enum(controlCatalogues),
  version: z.string(),
  title: sentence,
  jurisdiction: sentence,
  corpus: sentence,
  verifiedOn: day,
  staleAfterDays: z.int().min(1).max(3_650),
  clauses: z.record(z.string(), z.strictObject({ title: sentence, by: z.array(z.string()) })),
})

/** Which of Strata's controls is evidence for which clause. */
export interface ControlCatalogue extends Omit<z.infer<typeof catalogueSchema>, 'clauses'> {
  readonly clauses: readonly ControlClause[]
}

export interface ControlClause {
  readonly clause: string
  readonly title: string
  /** Empty where nothing here is evidence for it. */
  readonly evidence: readonly ControlEvidence[]
}

export interface ControlEvidence {
  readonly id: string
  readonly shows: string
  /** Routes, commands and keys of the configuration. */
  readonly at: readonly string[]
}

/** Throws NOT_FOUND for an id that is none of `controlCatalogues`. */
export function loadControls(id: string): ControlCatalogue {
  if (!controlCatalogues.some((known) => known === id)) {
    const similar = findSimilar(id, controlCatalogues)
    const advice =
      similar.length > 0 ? `did you mean ${similar.join(' or ')}?` : `there are ${controlCatalogues.join(', ')}`
    throw new PlatformError('NOT_FOUND', `there is no catalogue of controls ${id.slice(0, 100)}; ${advice}`)
  }
  const evidence = evidenceSchema.parse(readYamlFile(pathOf('evidence')))
  const { clauses, ...rest } = catalogueSchema.parse(readYamlFile(pathOf(id)))
  return {
    ...rest,
    clauses: Object.entries(clauses).map(([clause, { title, by }]) => ({
      clause,
      title,
      evidence: by.map((name) => toEvidence(name, evidence[name])),
    })),
  }
}

/** Whether a catalogue was verified longer ago than it says it may be. */
export function isControlsStale({ verifiedOn, staleAfterDays }: ControlCatalogue, atMs: number): boolean {
  return atMs >= Date.parse(`${verifiedOn}T00:00:00Z`) + staleAfterDays * 86_400_000
}

function toEvidence(id: string, found: z.infer<typeof evidenceSchema>[string] | undefined): ControlEvidence {
  if (found === undefined) throw new PlatformError('INTERNAL', `the catalogue of controls names no evidence ${id}`)
  return { id, ...found }
}

function pathOf(name: string): string {
  return join(import.meta.dirname, 'controls', `${name}.yaml`)
}
