import type { KnownFacts, KnownItem, Section } from './document.ts'

/** What several documents say alike. */
export type Part = Pick<Section, 'known' | 'gaps'>

export function item(label: string, value: string | number | undefined, source: string): readonly KnownItem[] {
  return value === undefined || value === '' ? [] : [{ label, value: String(value), source }]
}

export function join(...parts: readonly Part[]): Part {
  return { known: parts.flatMap(({ known }) => known), gaps: parts.flatMap(({ gaps }) => gaps) }
}

/** What nobody but people can say. */
export function write(...gaps: readonly string[]): Part {
  return { known: [], gaps }
}

export function day(atMs: number): string {
  return new Date(atMs).toISOString().slice(0, 10)
}

/** The document of a slot where it is on record, else that it is missing. */
export function fromSlot({ standing }: KnownFacts, slot: string, what: string): Part {
  const known = standing.slots.find((each) => each.slot === slot)
  if (known?.present !== undefined) {
    const { dated, owner, hash, place } = known.present
    const value = `${dated}, ${owner}${place === undefined ? '' : `, ${place}`}, SHA-256 ${hash}`
    return { known: item(what, value, `document ${slot} on record`), gaps: [] }
  }
  const declared = standing.source === 'config' && evidenceOf(standing).includes(slot)
  if (declared)
    return {
      known: item(what, 'declared to exist', 'governance.useCases, evidence'),
      gaps: [`${what}: attach the document and its hash.`],
    }
  return { known: [], gaps: [`${what}: no document ${slot} is on record.`] }
}

function evidenceOf({ answers }: KnownFacts['standing']): readonly string[] {
  return Object.values(answers).flatMap((each) => {
    const given = each['evidence']
    return Array.isArray(given) ? given.map(String) : []
  })
}

export function describePurpose({ standing }: KnownFacts): Part {
  const { useCase } = standing
  const source = `/v1/use-cases/${standing.name}`
  if (useCase === undefined) {
    return {
      known: item('Name', standing.name, 'governance.useCases'),
      gaps: [
        'Intended purpose: the configuration holds answers, no description. Register the use case, or describe it here.',
      ],
    }
  }
  return {
    known: [
      ...item('Name', `${useCase.title} (${standing.name})`, source),
      ...item('Intended purpose, as registered', useCase.purpose, source),
      ...item('Who answers for it', useCase.owner, source),
      ...item('Version', `${useCase.version}, ${standing.state}`, source),
    ],
    gaps: [],
  }
}

/** What was answered, and what was not. */
export function describeAnswers({ standing }: KnownFacts): Part {
  const known = Object.entries(standing.answers).flatMap(([pack, answers]) =>
    Object.entries(answers)
      .filter(([fact]) => fact !== 'evidence')
      .flatMap(([fact, value]) =>
        item(
          `${pack}, ${fact}`,
          Array.isArray(value) ? value.join(', ') || 'none' : JSON.stringify(value),
          'answers of the use case',
        ),
      ),
  )
  const missing = new Set(
    standing.decisions.flatMap(({ decision }) =>
      decision.effects.flatMap((effect) => effect.missing.map((fact) => `${decision.pack.id}, ${fact}`)),
    ),
  )
  return { known, gaps: [...missing].map((fact) => `Not answered: ${fact}.`) }
}

export function describeTier({ standing }: KnownFacts): Part {
  const known = [
    ...item('Tier by the packs in force today', standing.tier, 'policy packs'),
    ...standing.decisions.flatMap(({ mode, decision }) => [
      ...item(
        `Pack ${decision.pack.id} ${decision.pack.version} (${mode})`,
        `${decision.decision}; hash ${decision.pack.hash}`,
        'policy packs',
      ),
      ...decision.effects.flatMap(({ article, reason, truth }) =>
        item(
          article,
          `${reason}${truth === 'unknown' ? ' (not certain: answers are missing)' : ''}`,
          `pack ${decision.pack.id}`,
        ),
      ),
    ]),
    ...standing.coming.flatMap(({ atMs, decisions }) =>
      item(
        `From ${day(atMs)}`,
        decisions
          .map(({ decision }) => `${decision.pack.id}: ${decision.decision}, tier ${decision.tier ?? 'none'}`)
          .join('; '),
        'policy packs',
      ),
    ),
  ]
  return {
    known,
    gaps: standing.decisions.length === 0 ? ['No policy pack is in force: nothing decides on the tier.'] : [],
  }
}

export function describeEndpoints({ endpoints }: KnownFacts): Part {
  const known = endpoints.flatMap(({ id, dialect, vendorModel, processing, storage, price, count }) =>
    item(
      `Endpoint ${id}`,
      `${dialect}, model ${vendorModel}; processed in ${processing?.join(', ') ?? 'unknown'}, stored in ${storage?.join(', ') ?? 'unknown'}; price ${price ?? 'unknown'}; ${count} dispatches`,
      'endpoints, record of calls',
    ),
  )
  const gaps = endpoints.flatMap(({ id, processing, storage }) =>
    processing === undefined || storage === undefined
      ? [`Endpoint ${id} does not say where it processes or stores.`]
      : [],
  )
  return {
    known,
    gaps: endpoints.length === 0 ? ['Nothing was sent to any endpoint for this use case in the span.'] : gaps,
  }
}

export function describeUsage({ usage }: KnownFacts): Part {
  const span = `record of calls, ${day(usage.fromMs)} to ${day(usage.untilMs)}`
  if (usage.requests === 0) return { known: [], gaps: [`No request of this use case is on record (${span}).`] }
  const rate = ((100 * usage.answered) / usage.requests).toFixed(1)
  return {
    known: [
      ...item(
        'Requests',
        `${usage.requests}${usage.isPartial ? ' or more: only so many were read' : ''}, of which answered ${usage.answered} (${rate} %)`,
        span,
      ),
      ...item(
        'First and last',
        usage.firstAtMs === undefined || usage.lastAtMs === undefined
          ? undefined
          : `${day(usage.firstAtMs)}, ${day(usage.lastAtMs)}`,
        span,
      ),
      ...item('Refused or failed, by code', usage.errors.map(({ code, count }) => `${code} ${count}`).join(', '), span),
      ...item('Models asked for', usage.models.map(({ name, count }) => `${name} ${count}`).join(', '), span),
      ...item('Tokens', `${usage.inputTokens} in, ${usage.outputTokens} out, as far as they are known`, span),
      ...item('Cost', usage.usd === undefined ? undefined : `${usage.usd} USD, as far as prices are known`, span),
    ],
    gaps: [],
  }
}

export function describeReviews({ reviews, reviewers, standing }: KnownFacts): Part {
  const owed = standing.decisions.flatMap(({ decision }) =>
    decision.obligations.filter(({ control }) => control === 'hold'),
  )
  const known = [
    ...owed.flatMap(({ article, text }) => item(`Owed, ${article}`, text, 'policy packs')),
    ...reviewers.flatMap(({ person, competence }) =>
      item(`Reviewer ${person}`, competence, 'governance.reviews.reviewers'),
    ),
    ...reviews.flatMap(({ state, count, medianMs }) =>
      item(
        `Reviews ${state}`,
        `${count}${medianMs === undefined ? '' : `, median ${Math.round(medianMs / 1_000)} s to the end`}`,
        '/v1/reviews',
      ),
    ),
  ]
  return {
    known,
    gaps: reviewers.length === 0 ? ['No reviewer is named with their competence (governance.reviews.reviewers).'] : [],
  }
}

export function describeIncidents({ incidents }: KnownFacts): Part {
  const known = incidents.flatMap(({ id, kind, state, atMs }) =>
    item(`Incident ${id}`, `${kind}, ${state}, ${day(atMs)}`, '/v1/incidents'),
  )
  return { known: known.length > 0 ? known : item('Incidents on record', 'none', '/v1/incidents'), gaps: [] }
}

export function describeSignals({ standing }: KnownFacts): Part {
  const known = standing.signals.flatMap(({ signal, tier, count, lastAtMs }) =>
    item(
      `Content hints at ${signal}`,
      `${count} times, last ${day(lastAtMs)}; that would be of the tier ${tier}`,
      'governance.signals',
    ),
  )
  return { known, gaps: standing.signals.map(({ signal }) => `Explain the hints at ${signal}, or declare it.`) }
}
