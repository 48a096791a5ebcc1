/*
 * The Act read a second time, in code, by the text of its articles and not by the pack: what must be denied, and what is
 * high-risk. What is not known counts against the use case; an exception counts only where it is claimed.
 */

type Given = Readonly<Record<string, unknown>>

const yesNo = [undefined, false, true]
const since2025 = Date.parse('2025-02-02T00:00:00Z')
const since2026 = Date.parse('2026-12-02T00:00:00Z')

/** The questions of each prohibition, with every answer. `undefined` is unknown. */
export const practiceDomains: readonly Readonly<Record<string, readonly unknown[]>>[] = [
  { practices: practice('manipulative-technique'), distortsBehaviour: yesNo, significantHarm: yesNo },
  { practices: practice('vulnerability-exploitation'), distortsBehaviour: yesNo, significantHarm: yesNo },
  {
    practices: practice('social-scoring'),
    scoringTreatment: [
      undefined,
      [],
      ['unrelated-context'],
      ['disproportionate'],
      ['unrelated-context', 'disproportionate'],
    ],
  },
  { practices: practice('offence-prediction'), solelyProfiling: yesNo },
  { practices: practice('face-scraping') },
  {
    practices: practice('emotion-inference'),
    emotionSetting: [undefined, 'workplace', 'education', 'elsewhere'],
    medicalOrSafety: yesNo,
    evidence: [undefined, [], ['emotion-medical-or-safety']],
  },
  {
    practices: practice('biometric-categorisation'),
    categorisedBy: [
      undefined,
      ...subsets([
        'race',
        'political-opinions',
        'trade-union-membership',
        'religious-or-philosophical-beliefs',
        'sex-life',
        'sexual-orientation',
      ]),
    ],
    lawfulDatasetLabelling: yesNo,
  },
  {
    practices: practice('real-time-remote-biometric-identification'),
    publiclyAccessible: yesNo,
    lawEnforcementPurpose: yesNo,
    identificationObjective: [undefined, 'victim-search', 'threat-prevention', 'suspect-localisation', 'other'],
    evidence: [
      undefined,
      ...subsets([
        'identification-authorisation',
        'identification-registration',
        'fundamental-rights-impact-assessment',
      ]),
    ],
  },
  {
    practices: practice('intimate-imagery'),
    identifiablePerson: yesNo,
    explicitConsent: yesNo,
    imageryIntent: [undefined, 'intended', 'foreseeable', 'neither'],
    evidence: [undefined, [], ['intimate-imagery-safeguards']],
  },
  { practices: practice('child-sexual-abuse-material') },
]

/** Whether the Act forbids the use case, or may, at that instant. */
export function mustDeny(given: Given, atMs: number): boolean {
  if (atMs < since2025) return false
  const { practices } = given
  if (!Array.isArray(practices)) return true
  return (practices as string[]).some((each) => isForbidden(each, given, atMs))
}

function isForbidden(practice: string, given: Given, atMs: number): boolean {
  const may = (name: string): boolean => given[name] !== false
  const documents = Array.isArray(given['evidence']) ? (given['evidence'] as string[]) : []
  switch (practice) {
    case 'manipulative-technique':
    case 'vulnerability-exploitation':
      return may('distortsBehaviour') && may('significantHarm')
    case 'social-scoring':
      return isOpenOrNotEmpty(given['scoringTreatment'])
    case 'offence-prediction':
      return may('solelyProfiling')
    case 'emotion-inference': {
      const isExcused = given['medicalOrSafety'] === true && documents.includes('emotion-medical-or-safety')
      return given['emotionSetting'] !== 'elsewhere' && !isExcused
    }
    case 'biometric-categorisation':
      return isOpenOrNotEmpty(given['categorisedBy']) && given['lawfulDatasetLabelling'] !== true
    case 'real-time-remote-biometric-identification': {
      const objective = given['identificationObjective']
      const isServed = objective !== undefined && objective !== 'other'
      const needed = [
        'identification-authorisation',
        'identification-registration',
        'fundamental-rights-impact-assessment',
      ]
      const isExcused = isServed && needed.every((document) => documents.includes(document))
      return may('publiclyAccessible') && may('lawEnforcementPurpose') && !isExcused
    }
    case 'intimate-imagery': {
      if (atMs < since2026 || given['explicitConsent'] === true || given['identifiablePerson'] === false) return false
      if (given['imageryIntent'] === 'neither') return false
      return given['imageryIntent'] !== 'foreseeable' || !documents.includes('intimate-imagery-safeguards')
    }
    case 'child-sexual-abuse-material':
      return atMs >= since2026
    default:
      return true // Face scraping, and whatever else is called a practice.
  }
}

function isOpenOrNotEmpty(list: unknown): boolean {
  return !Array.isArray(list) || list.length > 0
}

export interface Use {
  readonly id: string
  /** The answer that takes it out. */
  readonly exclusion: string | undefined
}

/** The items of Annex III, in its order. */
export const uses: readonly Use[] = [
  ['biometrics-remote-identification', 'verificationOnly'],
  ['biometrics-categorisation'],
  ['biometrics-emotion-recognition'],
  ['critical-infrastructure-safety'],
  ['education-admission'],
  ['education-learning-outcomes'],
  ['education-level'],
  ['education-cheating'],
  ['employment-recruitment'],
  ['employment-management'],
  ['services-public-benefits'],
  ['services-creditworthiness', 'fraudDetectionOnly'],
  ['services-insurance'],
  ['services-emergency'],
  ['law-enforcement-victim-risk'],
  ['law-enforcement-polygraph'],
  ['law-enforcement-evidence'],
  ['law-enforcement-reoffending'],
  ['law-enforcement-profiling'],
  ['migration-polygraph'],
  ['migration-risk'],
  ['migration-examination'],
  ['migration-identification', 'travelDocumentCheckOnly'],
  ['justice-assistance'],
  ['democracy-elections', 'campaignLogisticsOnly'],
].map(([id = '', exclusion]) => ({ id, exclusion }))

/** The questions of Article 6(3), with every answer. */
export const filterDomain: Readonly<Record<string, readonly unknown[]>> = {
  filterConditions: [
    undefined,
    ...subsets(['narrow-procedural-task', 'improves-completed-work', 'detects-deviations', 'preparatory-task']),
  ],
  materialInfluence: yesNo,
  profiling: yesNo,
  evidence: [undefined, ...subsets(['article-6-3-assessment', 'article-49-2-registration'])],
}

/** Whether a use of Annex III is high-risk: unless excluded, or taken out by Article 6(3), which profiling never is. */
export function isHighRisk(given: Given, use: Use): boolean {
  if (use.exclusion !== undefined && given[use.exclusion] === true) return false
  const conditions = given['filterConditions']
  const documents = Array.isArray(given['evidence']) ? (given['evidence'] as string[]) : []
  const isFiltered =
    Array.isArray(conditions) &&
    conditions.length > 0 &&
    given['materialInfluence'] === false &&
    given['profiling'] === false &&
    documents.includes('article-6-3-assessment') &&
    documents.includes('article-49-2-registration')
  return !isFiltered
}

function practice(name: string): readonly unknown[] {
  return [undefined, [], [name]]
}

function subsets(values: readonly string[]): readonly (readonly string[])[] {
  return Array.from({ length: 2 ** values.length }, (_, bits) => values.filter((__, place) => (bits >> place) & 1))
}
