import type { Example } from './example.ts'
import { governanceExamples } from './governance.ts'
import { knowledgeExamples } from './knowledge.ts'
import { modelExamples } from './models.ts'
import { budgetExample, moneyExamples } from './money.ts'

export { fill, namesThings, type Example, type Names, type ReadyRequest } from './example.ts'

const all: readonly Example[] = [
  budgetExample,
  ...modelExamples,
  ...governanceExamples,
  ...knowledgeExamples,
  ...moneyExamples,
]

/** A request for every route, in an order in which each is answered; those that take something away come last. */
export const examples: readonly Example[] = [
  ...all.filter(({ ends }) => ends !== true),
  ...all.filter(({ ends }) => ends === true),
]
