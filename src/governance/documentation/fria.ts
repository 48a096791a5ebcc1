import type { KnownFacts, Section } from './document.ts'
import {
  describeAnswers,
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
} from './sections.ts'

/** Article 27(1)(a) to (f) of Regulation (EU) 2024/1689. */
export function draftFria(facts: KnownFacts): readonly Section[] {
  return [
    {
      article: 'Article 27(1)(a)',
      heading: 'a. Processes in which the system is used',
      ...join(
        describePurpose(facts),
        describeTier(facts),
        write('The steps of the deployer’s process before and after the system, and who takes the decision.'),
      ),
    },
    {
      article: 'Article 27(1)(b)',
      heading: 'b. Period and frequency of use',
      ...join(describeUsage(facts), write('Until when the system is meant to be used.')),
    },
    {
      article: 'Article 27(1)(c)',
      heading: 'c. Persons and groups likely to be affected',
      ...write('Categories of natural persons and groups affected, vulnerable ones among them: requests do not say.'),
    },
    {
      article: 'Article 27(1)(d)',
      heading: 'd. Specific risks of harm',
      ...join(
        describeAnswers(facts),
        describeSignals(facts),
        fromSlot(facts, 'instructions-for-use', 'What the provider says of risks (Article 13)'),
        write('Specific risks of harm for each category of persons, with likelihood and severity.'),
      ),
    },
    {
      article: 'Article 27(1)(e)',
      heading: 'e. Human oversight',
      ...join(
        describeReviews(facts),
        {
          known: facts.literacy.flatMap(({ person, measure, dated }) =>
            item(`Literacy of ${person}`, `${measure}, ${dated}`, '/v1/literacy'),
          ),
          gaps: facts.literacy.length === 0 ? ['No measure of AI literacy is on record (Article 4).'] : [],
        },
        fromSlot(facts, 'human-oversight', 'Measures of human oversight (Article 26(2))'),
      ),
    },
    {
      article: 'Article 27(1)(f)',
      heading: 'f. When risks materialise',
      ...join(
        describeIncidents(facts),
        write(
          'Internal governance and responsibilities.',
          'Where and how people can complain, and how fast they are answered.',
        ),
      ),
    },
    {
      article: 'Article 27(3), (4)',
      heading: 'Notification and other assessments',
      ...join(
        fromSlot(facts, 'fundamental-rights-impact-assessment', 'The completed assessment'),
        write(
          'Notification of the market surveillance authority.',
          'A data protection impact assessment that covers part of this (Article 35 of the GDPR).',
        ),
      ),
    },
  ]
}
