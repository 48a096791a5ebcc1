import { z } from 'zod'
import type { JsonObject } from '../../core/json.ts'
import { toIso } from '../../core/time.ts'
import type {
  DraftDocument,
  FullStanding,
  UseCaseDocument,
  UseCaseStanding,
  UseCaseVersion,
  UseCaseDesk,
} from '../../governance/index.ts'
import { toDecisionJson } from './policy.ts'

export function toDraftJson({ form, title, useCase, atMs, sections }: DraftDocument): object {
  return {
    object: 'document.draft',
    form,
    title,
    use_case: useCase,
    drafted_at: new Date(atMs).toISOString(),
    gaps: sections.reduce((count, { gaps }) => count + gaps.length, 0),
    sections,
    notice: 'A draft from what the platform knows; people have to close the gaps. Not legal advice.',
  }
}

/** What is said of a use case when it is registered; the same for the command line. */
export const newUseCase = z.strictObject({
  title: z.string().min(1).max(200).describe('What people call it.'),
  purpose: z.string().min(1).max(4_000).describe('What it is for, who is affected, what is decided.'),
  owner: z.string().min(1).max(200).describe('Who answers for it.'),
  answers: z
    .record(z.string(), z.record(z.string(), z.json()))
    .describe('By pack, the answers to its questions; what is not answered is unknown.'),
})

type LiteracyRow = Awaited<ReturnType<UseCaseDesk['registry']['listLiteracy']>>[number]

export function toLiteracyJson({ id, person, measure, dated, hash: file, at_ms: atMs }: LiteracyRow): JsonObject {
  return { object: 'literacy', id, person, measure, date: dated, hash: file, recorded_at: toIso(atMs) }
}

export function toUseCaseJson(standing: UseCaseStanding): JsonObject {
  const { name, source, state, useCase, decisions, tier, tierPossible } = standing
  const registered =
    useCase === undefined
      ? {}
      : {
          title: useCase.title,
          purpose: useCase.purpose,
          owner: useCase.owner,
          version: useCase.version,
          latest_version: useCase.latestVersion,
          raised: useCase.isRaised,
          created_at: toIso(useCase.createdAtMs),
          activated_at: toTime(useCase.activatedAtMs),
          retired_at: toTime(useCase.retiredAtMs),
        }
  return {
    object: 'use_case',
    name,
    source,
    state,
    ...registered,
    tier: tier ?? null,
    tier_possible: tierPossible ?? null,
    decisions: decisions.map(({ mode, decision }) => ({
      mode,
      pack: decision.pack.id,
      decision: decision.decision,
      tier: decision.tier ?? null,
    })),
  }
}

export function toFullUseCaseJson(standing: FullStanding, atMs: number): JsonObject {
  return {
    ...toUseCaseJson(standing),
    answers: standing.answers,
    decisions: standing.decisions.map(({ mode, decision }) => ({ mode, ...toDecisionJson(decision, atMs) })),
    documents: standing.slots.map(({ slot, pack, about, articles, present }) => {
      return {
        slot,
        pack,
        about,
        asked_by: [...articles],
        present: present === undefined ? null : toDocumentJson(present),
      }
    }),
    coming: standing.coming.map(({ atMs: dayMs, decisions }) => ({
      from: toIso(dayMs).slice(0, 10),
      decisions: decisions.map(({ mode, decision: { pack, decision, tier, tierPossible } }) => {
        return { mode, pack: pack.id, decision, tier: tier ?? null, tier_possible: tierPossible ?? null }
      }),
    })),
    signals: standing.signals.map(({ signal, tier, count, firstAtMs, lastAtMs }) => {
      return { signal, tier, count, first_at: toIso(firstAtMs), last_at: toIso(lastAtMs) }
    }),
    notice: 'Not legal advice.',
  }
}

export function toDocumentJson({ slot, number, hash: file, dated, owner, place, atMs }: UseCaseDocument): JsonObject {
  return { slot, number, hash: file, date: dated, owner, place: place ?? null, recorded_at: toIso(atMs) }
}

export function toVersionJson({ version, title, purpose, owner, answers, keyId, atMs }: UseCaseVersion): JsonObject {
  return { object: 'use_case.version', version, title, purpose, owner, answers, key: keyId, at: toIso(atMs) }
}

function toTime(ms: number | undefined): string | null {
  return ms === undefined ? null : toIso(ms)
}
