/** Nothing special: every question of the AI Act pack that could raise the tier is answered, as a registry asks them. */
export const plainAnswers = {
  roles: ['deployer'],
  practices: [],
  uses: [],
  productSafetyComponent: false,
  thirdPartyAssessment: false,
  interactsWithPeople: true,
  actsAsAgent: false,
  generates: ['text'],
  deepFake: false,
  publicInterestText: false,
  generalPurposeModel: 'user',
  trainingFlop: 0,
}

/** The same as facts of a policy, which may also be asked for documents. */
export const plainFacts = { ...plainAnswers, evidence: [] }

/** A use of Annex III with every question answered that the rules ask. */
export const hiringAnswers = {
  ...plainAnswers,
  uses: ['employment-recruitment'],
  filterConditions: [],
  materialInfluence: true,
  profiling: true,
  publicBody: false,
  obviousToPeople: false,
}
