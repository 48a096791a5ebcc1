import type { JsonObject } from '../../core/json.ts'
import type { Tier } from '../policy/index.ts'

/** A hint in the words of a request that it is about something its use case would have to declare. */
export interface Signal {
  readonly id: string
  /** The tier that what it hints at would have. */
  readonly tier: Tier
  /** What is asked of the words in lower case beside the subjects and acts of its area in `words/`. */
  readonly phrases?: { readonly english: RegExp; readonly chinese: RegExp }
  /** Answers of which any one declares it. */
  readonly declaredBy: readonly { readonly pack: string; readonly fact: string; readonly values: readonly unknown[] }[]
}

const act = (fact: string, ...values: readonly unknown[]) => ({ pack: 'eu-ai-act', fact, values })

/** In the order of the law. Their words are in `words/`, by id. */
export const signals: readonly Signal[] = [
  {
    id: 'biometrics',
    tier: 'high',
    declaredBy: [
      act('practices', 'biometric-categorisation', 'real-time-remote-biometric-identification', 'face-scraping'),
      act('uses', 'biometrics-remote-identification', 'biometrics-categorisation', 'biometrics-emotion-recognition'),
      act('verificationOnly', true),
    ],
  },
  {
    id: 'emotions',
    tier: 'high',
    declaredBy: [act('practices', 'emotion-inference'), act('uses', 'biometrics-emotion-recognition')],
  },
  {
    id: 'minors',
    tier: 'high',
    phrases: {
      english:
        /\b(?:our pupils|school ?children|(?:the|this|my) (?:child|pupil) is (?:\d|1[0-7]) years? old|(?:aged?|age of) (?:[5-9]|1[0-7])\b|under-?age users?|(?:pupils?|child|children|kids?|daughter|son) (?:is|are|aged|of|between|from) (?:about |between |only )?(?:[1-9]|1[0-7]|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen|seventeen)\b)/,
      chinese:
        /未成年人|中小学生|(?:[5-9]|1[0-7])岁的?(?:孩子|学生|儿童)|(?:孩子|学生|儿子|女儿|儿童)(?:今年|只有|才)?(?:\d|1[0-7]|[一二三四五六七八九十]{1,2})岁|(?:\d|1[0-7]|[一二三四五六七八九十]{1,2})岁的?(?:孩子|学生|儿童)|小学生|初中生/u,
    },
    declaredBy: [
      act('practices', 'vulnerability-exploitation'),
      act('uses', 'education-admission', 'education-learning-outcomes', 'education-level', 'education-cheating'),
    ],
  },
  { id: 'infrastructure', tier: 'high', declaredBy: [act('uses', 'critical-infrastructure-safety')] },
  { id: 'admission', tier: 'high', declaredBy: [act('uses', 'education-admission', 'education-level')] },
  {
    id: 'grading',
    tier: 'high',
    declaredBy: [act('uses', 'education-learning-outcomes', 'education-level', 'education-admission')],
  },
  { id: 'cheating', tier: 'high', declaredBy: [act('uses', 'education-cheating')] },
  { id: 'recruitment', tier: 'high', declaredBy: [act('uses', 'employment-recruitment')] },
  { id: 'employees', tier: 'high', declaredBy: [act('uses', 'employment-management')] },
  { id: 'benefits', tier: 'high', declaredBy: [act('uses', 'services-public-benefits')] },
  {
    id: 'credit',
    tier: 'high',
    declaredBy: [act('uses', 'services-creditworthiness'), act('fraudDetectionOnly', true)],
  },
  { id: 'insurance', tier: 'high', declaredBy: [act('uses', 'services-insurance')] },
  { id: 'emergency', tier: 'high', declaredBy: [act('uses', 'services-emergency')] },
  {
    id: 'law-enforcement',
    tier: 'high',
    declaredBy: [
      act(
        'uses',
        'law-enforcement-victim-risk',
        'law-enforcement-polygraph',
        'law-enforcement-evidence',
        'law-enforcement-reoffending',
        'law-enforcement-profiling',
        'justice-assistance',
      ),
    ],
  },
  {
    id: 'asylum',
    tier: 'high',
    declaredBy: [act('uses', 'migration-risk', 'migration-examination', 'migration-identification')],
  },
  { id: 'elections', tier: 'high', declaredBy: [act('uses', 'democracy-elections')] },
  { id: 'social-scoring', tier: 'prohibited', declaredBy: [act('practices', 'social-scoring')] },
  {
    id: 'manipulation',
    tier: 'prohibited',
    declaredBy: [act('practices', 'manipulative-technique', 'vulnerability-exploitation')],
  },
  {
    id: 'intimate-images',
    tier: 'prohibited',
    declaredBy: [act('practices', 'intimate-imagery', 'child-sexual-abuse-material')],
  },
]

/** The id under which personal data is a signal; it is found by the scanner instead of a pattern. */
export const personalData = {
  id: 'personal-data',
  tier: 'limited',
  declaredBy: [{ pack: 'cn-genai', fact: 'personalData', values: [true] }],
} as const

/** Whether a use case was asked about it and did not declare it. */
export function isUndeclared(
  { declaredBy }: Pick<Signal, 'declaredBy'>,
  answers: Readonly<Record<string, JsonObject>>,
): boolean {
  const asked = declaredBy.filter(({ pack }) => answers[pack] !== undefined)
  return asked.length > 0 && !asked.some(({ pack, fact, values }) => meets(answers[pack]?.[fact], values))
}

function meets(answer: unknown, values: readonly unknown[]): boolean {
  return Array.isArray(answer) ? answer.some((each) => values.includes(each)) : values.includes(answer)
}
