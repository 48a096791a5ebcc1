import type { Folder } from './fold.ts'

/** What kind of thing a question asks for, where its wording tells. */
export type QuestionKind = 'time' | 'number' | 'reason' | 'other'

/** The kind by the question's cue words, in Chinese (folded to simplified) or English. First match wins. */
export function findQuestionKind(foldedQuestion: string): QuestionKind {
  return cues.find(([, cue]) => cue.test(foldedQuestion))?.[0] ?? 'other'
}

/** Whether a sentence holds what such a question asks for; `undefined` for kinds that no form gives away. */
export function holdsKind(kind: QuestionKind, text: string, folder: Folder): boolean | undefined {
  return signs[kind]?.test(folder.foldText(text))
}

const cues: readonly (readonly [QuestionKind, RegExp])[] = [
  [
    'time',
    /什么时候|何时|哪一?[年天日月周]|几[年月日号点时]|多久|多长时间|多少[年天个小周分]|[哪什]么?[个一]?(?:年代|时期|时代|世纪|朝代|时间|日期)|年份|\bwhen\b|\b(?:what|which) (?:year|date|day|month|time|century|period)\b|\bhow (?:long|soon|often|late|early)\b|\bhow many (?:\w+ )?(?:days|weeks|months|years|hours|minutes)\b/,
  ],
  [
    'number',
    /多少|几|多[高大长远深重快宽厚]|百分之|比例|人口|数量|\bhow (?:many|much|far|tall|large|big|old|high|deep|fast|heavy)\b|\b(?:what|which) (?:\w+ ){0,3}(?:number|percentage|percent|amount|rate|price|cost|total|proportion|ratio|size|limit)\b/,
  ],
  ['reason', /为什么|为何|原因|理由|何故|怎么会|\bwhy\b|\bwhat (?:\w+ )?(?:causes?|caused|reasons?)\b/],
]

const digit = '[\\d〇零一二三四五六七八九十百千万亿两半]'
const signs: Partial<Readonly<Record<QuestionKind, RegExp>>> = {
  time: new RegExp(
    `${digit}+ ?(?:多|余|几)?(?:个)?(?:年|月|日|号|天|周|星期|小时|分钟|秒|点|世纪|岁|工作日|季度)|世纪|时期|时代|初年|末年|每[年月日周天]|立即|\\b(?:1\\d|20)\\d\\d\\b|\\b(?:january|february|march|april|may|june|july|august|september|october|november|december|monday|tuesday|wednesday|thursday|friday|saturday|sunday|today|tomorrow|yesterday|daily|weekly|monthly|yearly|annually)\\b|\\b\\w+ (?:seconds?|minutes?|hours?|days?|weeks?|months?|years?|decades?|century|centuries)\\b|\\d ?[ap]\\.?m\\b|\\d:\\d\\d`,
  ),
  number: new RegExp(
    `\\d|${digit}+ ?(?:多|余|几)?[个名位次种项座家所人条部篇首张本只层元米里吨斤度倍成%％]|百分之|数[十百千万]|\\b(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|dozen|hundred|thousand|million|billion|half|twice|none)\\b`,
  ),
  reason:
    /因|由于|导致|为了|以免|避免|鉴于|所以|使得|致使|出于|\b(?:because|since|due|so that|in order|therefore|as a result|caused?|owing|reasons?|avoid|prevent)\b/,
}
