import type { JsonObject } from '../../core/json.ts'
import type { Tier } from '../policy/index.ts'

/** A hint in the words of a request that it is about something its use case would have to declare. */
export interface Signal {
  readonly id: string
  /** The tier that what it hints at would have. */
  readonly tier: Tier
  /** Asked of the words in lower case, which is half the work of asking without regard to case. */
  readonly english: RegExp
  /** Asked only where there are characters of Chinese. */
  readonly chinese: RegExp
  /** Answers of which any one declares it. */
  readonly declaredBy: readonly { readonly pack: string; readonly fact: string; readonly values: readonly unknown[] }[]
}

const act = (fact: string, ...values: readonly unknown[]) => ({ pack: 'eu-ai-act', fact, values })

/** Phrases rather than words, in English and Chinese; what is said otherwise is not seen. */
export const signals: readonly Signal[] = [
  {
    id: 'biometrics',
    tier: 'high',
    english:
      /\b(?:facial recognition|face recognition|fingerprint match\w*|iris scan\w*|biometric (?:data|identif\w+|template\w*|categor\w+)|voiceprints?|(?:compare|match|identify|recogni[sz]e) (?:the |this |these |a |his |her )?(?:faces?|voices?))\b/,
    chinese: /人脸识别|指纹比对|虹膜识别|声纹|生物识别|人脸.{0,10}(?:比对|匹配|识别)|(?:比对|匹配|识别).{0,10}人脸/u,
    declaredBy: [
      act('practices', 'biometric-categorisation', 'real-time-remote-biometric-identification', 'face-scraping'),
      act('uses', 'biometrics-remote-identification', 'biometrics-categorisation', 'biometrics-emotion-recognition'),
      act('verificationOnly', true),
    ],
  },
  {
    id: 'emotions',
    tier: 'high',
    english:
      /\b(?:emotion (?:recognition|detection)|(?:infer|detect|recogni[sz]e) (?:the |their |his |her )?(?:emotions?|mood) (?:of|from|in)|facial expressions? (?:of|to) (?:infer|detect|judge)|(?:agents?|employees?|students?|pupils?|customers?|callers?|candidates?|workers?|staff|he|she|they) (?:sounds?|looks?|seems?|feels?) (?:annoyed|angry|stressed|sad|bored|nervous|frustrated|tired|unhappy)|how (?:stressed|angry|annoyed|nervous|bored|tired|happy) (?:each |the |this |my |our )?(?:agents?|employees?|students?|pupils?|customers?|callers?|candidates?|workers?))\b/,
    chinese:
      /情绪识别|识别(?:员工|学生|客户)?的?情绪|表情分析|(?:判断|看看|分析|识别|评估|推断).{0,12}(?:情绪|心情|紧张|焦虑|不耐烦|生气|疲惫)|(?:情绪|心情|紧张|焦虑)(?:程度)?.{0,4}(?:打分|评分|判断)/u,
    declaredBy: [act('practices', 'emotion-inference'), act('uses', 'biometrics-emotion-recognition')],
  },
  {
    id: 'minors',
    tier: 'high',
    english:
      /\b(?:our pupils|school ?children|(?:the|this|my) (?:child|pupil) is (?:\d|1[0-7]) years? old|(?:aged?|age of) (?:[5-9]|1[0-7])\b|under-?age users?|(?:pupils?|child|children|kids?|daughter|son) (?:is|are|aged|of|between|from) (?:about |between |only )?(?:[1-9]|1[0-7]|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen|seventeen)\b)/,
    chinese:
      /未成年人|中小学生|(?:[5-9]|1[0-7])岁的?(?:孩子|学生|儿童)|(?:孩子|学生|儿子|女儿|儿童)(?:今年|只有|才)?(?:\d|1[0-7]|[一二三四五六七八九十]{1,2})岁|(?:\d|1[0-7]|[一二三四五六七八九十]{1,2})岁的?(?:孩子|学生|儿童)|小学生|初中生/u,
    declaredBy: [
      act('practices', 'vulnerability-exploitation'),
      act('uses', 'education-admission', 'education-learning-outcomes', 'education-level', 'education-cheating'),
    ],
  },
  {
    id: 'recruitment',
    tier: 'high',
    english:
      /\b(?:rank|screen|shortlist|score|reject|evaluate) (?:the |these |this |all )?(?:job )?(?:applicants?|candidates?|applications?|résumés?|resumes?|cvs?)\b/,
    chinese:
      /(?:筛选|评估|排序|淘汰)(?:这些|以下)?(?:简历|求职者|候选人|应聘者)|(?:简历|求职者|候选人|应聘者).{0,6}(?:排名|排序|打分|评分|筛选|淘汰)/u,
    declaredBy: [act('uses', 'employment-recruitment')],
  },
  {
    id: 'employees',
    tier: 'high',
    english:
      /\b(?:performance review of (?:the |this |my )?(?:employee|staff)|(?:who|whom|which (?:employee|worker)s?) (?:should|to) (?:be )?(?:promot\w+|dismiss\w*|fire|lay off)|monitor (?:the )?(?:employees|workers)|who (?:of|in|from|on) (?:the|my|our) (?:team|staff|department) (?:should|deserves|ought)|should be (?:promoted|dismissed|fired|laid off))\b/,
    chinese:
      /员工绩效(?:评估|考核)|(?:裁掉|辞退|晋升)哪(?:个|些|位)员工|(?:该|应该|应当)(?:晋升|辞退|裁掉|提拔)|员工.{0,8}绩效|绩效考核/u,
    declaredBy: [act('uses', 'employment-management')],
  },
  {
    id: 'credit',
    tier: 'high',
    english:
      /\b(?:credit ?worth\w+|credit (?:score|rating) of (?:this|the|our) (?:customer|applicant|person|client)|(?:approve|reject|grant|deny) (?:the|this) (?:loan|credit|mortgage))\b/,
    chinese: /信用评分|(?:批准|拒绝)(?:这笔|该)?(?:贷款|信贷)|(?:还款|偿还|偿债)能力|信用(?:等级|额度)|授信额度/u,
    declaredBy: [act('uses', 'services-creditworthiness'), act('fraudDetectionOnly', true)],
  },
  {
    id: 'insurance',
    tier: 'high',
    english:
      /\b(?:(?:life|health) insurance (?:premium|risk) (?:of|for)|premium for (?:this|the) (?:applicant|insured))\b/,
    chinese: /(?:人寿|健康)保险(?:的)?(?:保费|风险)|投保人.{0,4}保费|核保/u,
    declaredBy: [act('uses', 'services-insurance')],
  },
  {
    id: 'grading',
    tier: 'high',
    english: /\b(?:grade|mark|score) (?:the |this |these )?(?:student|pupil|exam|essay)s?\b/,
    chinese:
      /(?:给|为)(?:这些|这篇|这份|那些)?(?:学生|考生|试卷|考卷|作文|论文|作业).{0,3}(?:打分|评分)|批改.{0,8}(?:试卷|作业|作文|考卷)/u,
    declaredBy: [act('uses', 'education-learning-outcomes', 'education-level', 'education-admission')],
  },
  {
    id: 'asylum',
    tier: 'high',
    english: /\b(?:asylum (?:claim|application|seeker)s?|visa application of|overstay (?:the|a|his|her|their) visa)\b/,
    chinese: /庇护申请|签证申请(?:人|者)|逾期滞留|(?:审核|审批)(?:这份|这个|该)?签证/u,
    declaredBy: [act('uses', 'migration-risk', 'migration-examination', 'migration-identification')],
  },
  {
    id: 'law-enforcement',
    tier: 'high',
    english:
      /\b(?:recidivism|re-?offending risk|(?:is|was) the suspect (?:lying|guilty)|reliability of (?:the|this) evidence|(?:reliable|credible|believable) (?:is|are) (?:the |this |these )?(?:evidence|testimon(?:y|ies)|witness(?:es)?))\b/,
    chinese: /再犯(?:罪)?风险|嫌疑人是否|(?:证人|证言|证词|口供).{0,6}(?:可信|可靠)/u,
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
    id: 'elections',
    tier: 'high',
    english:
      /\b(?:(?:persuade|convince|target) (?:undecided )?voters|how to make (?:people|them) vote for|keep .{1,60} at home on (?:election|polling) day)\b/,
    chinese: /(?:影响|说服)选民|(?:说服|影响|动员|劝阻).{0,6}选民|(?:不去|放弃)投票/u,
    declaredBy: [act('uses', 'democracy-elections')],
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
