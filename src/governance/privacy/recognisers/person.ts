import type { ScannedText } from '../scanned-text.ts'
import type { Candidate, Recogniser } from './recogniser.ts'

/** What describes a person and is only known by the words around it: age, date of birth, postal code. */
export const person: Recogniser = {
  types: ['age', 'date-of-birth', 'postal-code'],
  *find(text) {
    yield* findGroup(text, ages, 'age')
    yield* findGroup(text, births, 'date-of-birth')
    yield* findGroup(text, postals, 'postal-code')
  },
}

/** The named group `value` of each pattern is what is found. */
function* findGroup(text: ScannedText, patterns: readonly RegExp[], type: string): Generator<Candidate | undefined> {
  for (const pattern of patterns) {
    for (const match of text.folded.matchAll(pattern)) {
      const [start, end] = match.indices?.groups?.['value'] ?? []
      if (start === undefined || end === undefined) continue
      yield { type, start, end, strength: 1, confidence: 0.75, why: ['form', 'context'] }
    }
    yield undefined
  }
}

const years = '(?<value>1[01]\\d|[1-9]?\\d)'
const ages: readonly RegExp[] = [
  new RegExp(`y(?<=(?<![\\w.$€£-])${years}[ -]?y)(?:ears?|rs?)[ -]?(?:old\\b|of age)`, 'dgi'),
  new RegExp(`y(?<=(?<![\\w.-])${years} ?y)/?o\\b`, 'dgi'),
  new RegExp(
    `\\b(?:aged?|age of|age is|age:|(?:just )?turned|turning|i'll turn|will turn) ${years}(?![\\w%]|[.,:/-]\\d)`,
    'dgi',
  ),
  new RegExp(`\\b(?:when|while) (?:i|he|she|they) (?:was|were) ${years}(?![\\w%]|[.,:/-]\\d)`, 'dgi'),
  // Ages from … to …, and over or under, are a group and nobody's.
  new RegExp(
    `[岁歲](?<=(?<!\\d|\\d ?[-~～—–至到] ?)${years} ?(?:周|週)?.)(?! ?(?:以[上下内內后後前]|[至到~-] ?\\d|之[间間后後前]|[及或]以))`,
    'dg',
  ),
  new RegExp(`(?:年龄|年齡)(?:为|是|為)?[ ::]*${years}(?!\\d)`, 'dg'),
]

const day =
  '(?<value>\\d{1,4}[-/.]\\d{1,2}[-/.]\\d{1,4}|\\d{4} ?年 ?\\d{1,2} ?月 ?\\d{1,2} ?[日号]|(?:19|20)\\d{6}|[A-Z][a-z]{2,8}\\.? \\d{1,2},? \\d{4}|\\d{1,2} [A-Z][a-z]{2,8}\\.? \\d{4})'
const births: readonly RegExp[] = [
  new RegExp(`(?:\\bborn(?: on| at)?|\\bbirth(?:day|date)?|\\bd\\.?o\\.?b\\.?)[^\\d\\n]{0,24}?${day}(?![\\d])`, 'dgi'),
  new RegExp(`(?:出生日期|出生于|生日|(?<![发發产產])生于|出生)[^\\d\\n]{0,8}${day}(?!\\d)`, 'dg'),
  new RegExp(`生(?<=(?<!\\d)${day} ?出?生)(?!产|效|成|活|日|态|物)`, 'dg'),
]

const postals: readonly RegExp[] = [
  /\b(?:zip|postal|post)(?: ?code)?(?: is| number)?[ ::]*(?<value>\d{5}-\d{3,4}|\d{3} \d{2}|\d{3,6}|[A-Z]\d[A-Z] ?\d[A-Z]\d|[A-Z]{1,2}\d[A-Z\d]? ?\d[A-Z]{2})(?![\w-])/dgi,
  /(?:邮编|邮政编码|郵遞區號|郵編)[ ::]*(?<value>\d{3,6})(?!\d)/dg,
]
