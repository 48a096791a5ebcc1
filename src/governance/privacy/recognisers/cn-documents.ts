import { spanOf, type ScannedText, type Span } from '../scanned-text.ts'
import type { Candidate, Recogniser } from './recogniser.ts'

/** Chinese passports, and the permits with which people of Hong Kong, Macao and Taiwan travel. They have no check digit. */
export const cnDocuments: Recogniser = {
  types: ['cn-passport', 'cn-travel-permit'],
  *find(text) {
    for (const match of text.folded.matchAll(passportForm)) {
      const span = spanOf(match)
      const isNamed = text.isNear(span, passportWords)
      yield isNamed || isAmongWords(text, span) ? judge('cn-passport', span, isNamed) : undefined
    }
    for (const match of text.folded.matchAll(namedPassportForm)) {
      const span = spanOf(match)
      yield text.isNear(span, passportWords) ? judge('cn-passport', span, true) : undefined
    }
    for (const match of text.folded.matchAll(permitForm)) {
      const span = spanOf(match)
      yield text.isNear(span, permitWords) ? judge('cn-travel-permit', span, true) : undefined
    }
  },
}

/** Ordinary E and G, diplomatic D, service S, public affairs P, Hong Kong H and K, Macao M; a second letter since 2012. */
const passportForm = /[EGDSPHKMegdsphkm](?<![0-9A-Za-z-].)(?:[A-HJ-NP-Za-hj-np-z]\d{7}|\d{8})(?![0-9A-Za-z-])/g
/** With a blank, and those of before 2012 that begin with 14 or 15: only where they are named. */
const namedPassportForm =
  /(?:[EGDSPHKMegdsphkm](?<![0-9A-Za-z-].) ?(?:[A-HJ-NP-Za-hj-np-z] ?\d{7}|\d{8})|1(?<![0-9A-Za-z-]1)[45]\d{7})(?![0-9A-Za-z-])/g
/** Numbers of orders, parts and papers have the same form. */
const ofThings =
  /(?:订单|单号|合同|型号|货号|批号|批次|发票|料号|款号|图号|序列号|航班|零件|訂單|單號|發票|型號|貨號)[^\d\n]{0,5}$/
const passportWords = /护照|護照|passport/i
/** H and M of people of Hong Kong and Macao; C, W, L and T of those of the mainland, to there and to Taiwan. */
const permitForm = /[HMCWLThmcwlt\d](?<![0-9A-Za-z-].)(?:[A-HJ-NP-Za-hj-np-z]\d{7}|\d{7,8}(?:\d{2})?)(?![0-9A-Za-z-])/g
const permitWords = /通行证|通行證|回乡证|回鄉證|台胞证|臺胞證|台胞證|travel permit/i

/** Among Han text that does not speak of a thing. */
function isAmongWords(text: ScannedText, span: Span): boolean {
  return text.isAmongHan(span) && !ofThings.test(text.folded.slice(Math.max(0, span.start - 8), span.start))
}

function judge(type: string, span: Span, isNamed: boolean): Candidate {
  const why = isNamed ? ['form', 'context'] : ['form']
  return { type, ...span, strength: 2, confidence: isNamed ? 0.9 : 0.5, why }
}

/** Licence plates of vehicles (GA 36): province, letter, and five or, for electric ones, six characters. */
export const cnPlate: Recogniser = {
  types: ['cn-license-plate'],
  *find(text) {
    for (const match of text.folded.matchAll(plateForm)) {
      const span = spanOf(match)
      const isNamed = text.isNear(span, plateWords)
      const isPart = !isNamed && isPartOfWord(text, match.index)
      const why = isNamed ? ['form', 'context'] : ['form']
      yield isPart
        ? undefined
        : { type: 'cn-license-plate', ...span, strength: 3, confidence: isNamed ? 0.95 : 0.7, why }
    }
    for (const match of text.folded.matchAll(specialPlateForm)) {
      yield { type: 'cn-license-plate', ...spanOf(match), strength: 3, confidence: 0.7, why: ['form'] }
    }
  },
}

const between = '[ ·•・.\\-]?'
/** I and O are never given out. At most two of five characters are letters; of six the first or the last marks the drive. */
const plateForm = new RegExp(
  `[京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼滬雲遼魯蘇贛陝閩貴粵寧瓊]${between}[A-HJ-NP-Za-hj-np-z]${between}` +
    '(?:[A-HJKa-hjk][0-9A-HJ-NP-Za-hj-np-z]\\d{4}|\\d{5}[A-HJKa-hjk]|' +
    '(?!(?:\\d*[A-Za-z]){3})[0-9A-HJ-NP-Za-hj-np-z]{4}[0-9A-HJ-NP-Za-hj-np-z挂学警港澳领])(?![0-9A-Za-z])',
  'g',
)
const specialPlateForm =
  /(?:使\d{6}|WJ[京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼]\d{4}[0-9A-Z])(?![0-9A-Za-z])/g
const plateWords = /车牌|号牌|牌照|车辆|车号|驾驶|停车|车主|违章|車牌|號牌|車輛|license plate|plate/i

/** `北京A12345` is a place and a number of something: the character belongs to the word before it. */
function isPartOfWord({ folded }: ScannedText, start: number): boolean {
  const before = folded.slice(Math.max(0, start - 1), start + 1)
  return /[北南东燕]京|天津|江苏|[最全更创革清刷]新|[阿讯为度白乌]云|[四银]川|[西]宁|[漆乌]黑/.test(before)
}
