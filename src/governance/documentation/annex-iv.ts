import type { KnownFacts, Section } from './document.ts'
import {
  day,
  describeAnswers,
  describeEndpoints,
  describeIncidents,
  describePurpose,
  describeReviews,
  describeSignals,
  describeTier,
  describeUsage,
  fromSlot,
  item,
  join,
  write,
  type Part,
} from './sections.ts'

/** The nine headings of Annex IV of Regulation (EU) 2024/1689. */
export function draftAnnexIv(facts: KnownFacts): readonly Section[] {
  return [...describeSystem(facts), ...describeLife(facts)]
}

function describeSystem(facts: KnownFacts): readonly Section[] {
  const { configVersion } = facts
  return [
    {
      article: 'Annex IV(1)',
      heading: '1. General description of the system',
      ...join(
        describePurpose(facts),
        describeTier(facts),
        {
          known: item('Configuration in force', `number ${configVersion}`, 'audit log, act config.apply'),
          gaps: [],
        },
        describeUsage(facts),
        write(
          'Provider: name and address.',
          'How the system interacts with hardware and software that are not part of it.',
          'The forms in which it is placed on the market, and the user interface of the deployer.',
        ),
        fromSlot(facts, 'instructions-for-use', 'Instructions for use (Article 13)'),
      ),
    },
    {
      article: 'Annex IV(2)',
      heading: '2. Elements of the system and the process of its development',
      ...join(
        describeEndpoints(facts),
        describeAnswers(facts),
        fromSlot(facts, 'vendor-model-documentation', 'What the provider of the model gave (Annex XII)'),
        fromSlot(facts, 'data-governance', 'Data and data governance (Article 10)'),
        write('Design choices, their reasons and assumptions; computational resources of development.'),
        describeReviews(facts),
        describeEvaluations(facts),
        fromSlot(facts, 'accuracy-robustness-cybersecurity', 'Accuracy, robustness, cybersecurity (Article 15)'),
      ),
    },
    {
      article: 'Annex IV(3)',
      heading: '3. Monitoring, functioning and control',
      ...join(
        {
          known: [
            ...item('Log', `append-only, signed; public key ${facts.audit.key}`, '/v1/audit'),
            ...item(
              'Retention of calls',
              facts.audit.retentionDays === undefined
                ? 'not deleted by the clock'
                : `${facts.audit.retentionDays} days`,
              'governance.retention',
            ),
          ],
          gaps: [],
        },
        describeSignals(facts),
        write(
          'Capabilities and limits, with accuracy for the persons or groups it is meant for.',
          'Foreseeable unintended outcomes and sources of risk to health, safety, fundamental rights and discrimination.',
        ),
        fromSlot(facts, 'human-oversight', 'Measures of human oversight (Article 14)'),
      ),
    },
  ]
}

/** What becomes of it. */
function describeLife(facts: KnownFacts): readonly Section[] {
  const { standing } = facts
  return [
    {
      article: 'Annex IV(4)',
      heading: '4. Appropriateness of the performance metrics',
      ...write('Why the metrics used in the evaluations are appropriate for this system.'),
    },
    {
      article: 'Annex IV(5)',
      heading: '5. Risk management system',
      ...fromSlot(facts, 'risk-management', 'Risk management system (Article 9)'),
    },
    {
      article: 'Annex IV(6)',
      heading: '6. Relevant changes through the lifecycle',
      known: facts.versions.flatMap(({ version, atMs, title }) =>
        item(`Version ${version}`, `${title}, ${day(atMs)}`, `/v1/use-cases/${standing.name}/versions`),
      ),
      gaps: ['Changes of the provider that are not registered as versions.'],
    },
    {
      article: 'Annex IV(7)',
      heading: '7. Harmonised standards and other specifications applied',
      ...write('Standards applied in full or in part; where none, the solutions adopted instead.'),
    },
    {
      article: 'Annex IV(8)',
      heading: '8. EU declaration of conformity',
      ...fromSlot(facts, 'conformity-declaration', 'EU declaration of conformity (Article 47)'),
    },
    {
      article: 'Annex IV(9), Article 72',
      heading: '9. Performance after placing on the market',
      ...join(
        fromSlot(facts, 'post-market-monitoring', 'Post-market monitoring plan (Article 72)'),
        describeIncidents(facts),
      ),
    },
  ]
}

function describeEvaluations({ evaluations }: KnownFacts): Part {
  const known = evaluations.flatMap(({ id, name, atMs, model, scored, mean, low95, high95 }) =>
    item(
      `Evaluation ${name} of ${model}`,
      `${mean === undefined ? 'nothing scored' : `mean ${mean.toFixed(3)} (95 %: ${low95?.toFixed(3) ?? 'unknown'} to ${high95?.toFixed(3) ?? 'unknown'})`}, ${scored} cases, ${day(atMs)}`,
      `/v1/evaluations/${id}`,
    ),
  )
  return {
    known,
    gaps: known.length === 0 ? ['No evaluation of the models asked for is on record (strata eval run).'] : [],
  }
}
