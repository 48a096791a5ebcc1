/** Figures that the quantities of a text are described by. */
export const quantityCount = 14

/**
 * What a text says of quantities, in English or Chinese: how its numbers are written (decimals, money, per cent, fractions, words), how
 * they hang together (rates, comparisons, what is left, conditions, units of time and measure), and how much a sentence holds.
 */
export function readQuantities(text: string): readonly number[] {
  const sentences = measureSentences(text)
  return [
    logCount(text, decimals),
    money.test(text) ? 1 : 0,
    logCount(text, percents),
    logCount(text, fractions),
    logCount(text, numberWords),
    logCount(text, rates),
    logCount(text, comparisons),
    logCount(text, rests),
    logCount(text, conditions),
    Math.log1p(new Set(Array.from(text.matchAll(units), ([unit]) => unit.toLowerCase())).size),
    Math.log1p(sentences.longest),
    Math.log1p(sentences.mean),
    Math.log10(1 + largestNumber(text)),
    logCount(text, commas),
  ]
}

const decimals = /(?<![\d.])\d*\.\d+/g
const money = /[$€£¥￥]|\b(?:cents?|dollars?|euros?|rupees?|yuan)\b|元|美分/i
const percents = /[%％]|\bper ?cent\b|百分之/gi
const fractions = /\d\s?\/\s?\d|分之/g
const numberWords =
  /\b(?:one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|dozen|twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety|hundred|thousand|million|half|third|quarter|twice|thrice|double|triple|both|couple|pair)\b|[一二两兩三四五六七八九十百千万萬半]/gi
const rates = /\b(?:each|per|every|apiece|rate)\b|每|各/gi
const comparisons =
  /\b(?:more|less|fewer|than|as (?:many|much)|older|younger|longer|shorter|taller|larger|smaller|times|twice|half)\b|[比倍]|更[多少大小长長短高低]/gi
const rests = /\b(?:left|remain(?:s|ed|ing|der)?|rest|still)\b|剩|余下|餘下|还有|還有/gi
const conditions =
  /\b(?:if|when|then|after|before|until|unless|but|except|only|instead)\b|如果|假如|的时候|的時候|之前|之后|之後|以前|以后|以後|直到|除非|但是|只/gi
const units =
  /\b(?:second|minute|hour|day|week|month|year|inche?|f(?:oo|ee)t|yard|mile|ounce|pound|gallon|cup|quart|pint|lit(?:er|re)|(?:kilo|centi|milli)?met(?:er|re)|(?:kilo)?gram|kg|km|cm|mm)(?=s?\b)|秒|分钟|分鐘|小时|小時|天|周|週|星期|月|年|米|公里|公斤|千克|克|升/gi
const commas = /[,，、](?!\d)/g

function logCount(text: string, what: RegExp): number {
  let count = 0
  for (const _ of text.matchAll(what)) count++
  return Math.log1p(count)
}

/** Characters of the longest sentence and of a sentence on average. */
function measureSentences(text: string): { readonly longest: number; readonly mean: number } {
  const lengths = text
    .split(/[.!?]\s|[。!?！？\n]/)
    .map((sentence) => sentence.trim().length)
    .filter((length) => length > 0)
  const total = lengths.reduce((sum, length) => sum + length, 0)
  return { longest: Math.max(0, ...lengths), mean: total / Math.max(1, lengths.length) }
}

/** 0 where there is none; what is longer than any sum anybody writes counts as that. */
function largestNumber(text: string): number {
  let largest = 0
  for (const [found] of text.matchAll(/\d[\d,]*(?:\.\d+)?/g))
    largest = Math.max(largest, Number(found.replaceAll(',', '')))
  return Math.min(1e12, largest)
}
