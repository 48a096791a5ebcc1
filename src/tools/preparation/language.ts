import type * as Franc from 'franc-min'
import { loadPackage } from '../../core/packages.ts'

/**
 * The language most of a text is in, as BCP 47 names it: `en`, `zh-Hans`, `zh-Hant`, `ja`. By its script where that tells,
 * else by the frequency of triples of letters; `undefined` for too little text.
 */
export function findLanguage(text: string): string | undefined {
  const sample = text.slice(0, sampleLength)
  const letters = sample.match(/\p{L}/gu)?.length ?? 0
  if (letters < 12) return undefined
  const share = (pattern: RegExp): number => (sample.match(pattern)?.length ?? 0) / letters
  if (share(/[\u3040-\u30ff]/g) > 0.08) return 'ja'
  if (share(/[\uac00-\ud7a3]/g) > 0.3) return 'ko'
  if (share(/\p{Script=Han}/gu) > 0.3) {
    const simplified = sample.match(simplifiedOnly)?.length ?? 0
    const traditional = sample.match(traditionalOnly)?.length ?? 0
    return traditional > simplified ? 'zh-Hant' : 'zh-Hans'
  }
  for (const [pattern, language] of scripts) if (share(pattern) > 0.5) return language
  if (share(/\b(?:the|and|of|to|in|is|for|that)\b/gi) > 0.015) return 'en'
  const prose = sample.replace(/[^\p{L}\s'’]+/gu, ' ').slice(0, francLength)
  const { franc } = loadPackage<typeof Franc>('franc-min')
  const found = franc(prose, { minLength: 20 })
  return found === 'und' ? undefined : (shortCodes.get(found) ?? found)
}

const sampleLength = 2_000
/** Letters that are enough to tell languages apart; the time grows with them. */
const francLength = 400

const scripts: readonly (readonly [RegExp, string])[] = [
  [/\p{Script=Thai}/gu, 'th'],
  [/\p{Script=Hebrew}/gu, 'he'],
  [/\p{Script=Greek}/gu, 'el'],
  [/\p{Script=Georgian}/gu, 'ka'],
  [/\p{Script=Armenian}/gu, 'hy'],
]

const simplifiedOnly =
  /[这国们说时会过学对发还没开经动两长现将实与进机业点种声问给几间电门东气关并产万处总场师书员报马张难数车应亲务样话题统爱认论义术结资队带条变联权领传决达办运强转众语满识极钱党设双历广议让单据导专视济离虽坏兴线坚体头]/g
const traditionalOnly =
  /[這國們說時會過學對發還沒開經動兩長現將實與進機業點種聲問給幾間電門東氣關並產萬處總場師書員報馬張難數車應親務樣話題統愛認論義術結資隊帶條變聯權領傳決達辦運強轉眾語滿識極錢黨設雙歷廣議讓單據導專視濟離雖壞興線堅體頭]/g

/** Three letters to two, where there are two. */
const shortCodes: ReadonlyMap<string, string> = new Map(
  Object.entries({
    eng: 'en',
    deu: 'de',
    fra: 'fr',
    spa: 'es',
    ita: 'it',
    por: 'pt',
    nld: 'nl',
    swe: 'sv',
    dan: 'da',
    nob: 'nb',
    nno: 'nn',
    fin: 'fi',
    pol: 'pl',
    ces: 'cs',
    slk: 'sk',
    hun: 'hu',
    ron: 'ro',
    bul: 'bg',
    rus: 'ru',
    ukr: 'uk',
    bel: 'be',
    srp: 'sr',
    hrv: 'hr',
    bos: 'bs',
    slv: 'sl',
    tur: 'tr',
    vie: 'vi',
    ind: 'id',
    arb: 'ar',
    pes: 'fa',
    urd: 'ur',
    hin: 'hi',
    ben: 'bn',
    tam: 'ta',
    tel: 'te',
    cat: 'ca',
    lit: 'lt',
    lav: 'lv',
    est: 'et',
    swh: 'sw',
    tgl: 'tl',
    kaz: 'kk',
    uzn: 'uz',
    mya: 'my',
    khm: 'km',
  }),
)
