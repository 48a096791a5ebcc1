import { checkEquations } from './equations.ts'

/** Figures that an answer to a question is described by, beside its shape. */
export const answerFigureCount = 17

/** What is longer than any sum anybody writes counts as that: hundreds of digits in a row would be no finite number. */
const valueMax = 1e12

/** An answer's own signs of being right or wrong: sums that hold or not, an end, doubt, figures of the question used. */
export function readAnswer(question: string, answer: string): Float64Array {
  const { right, wrong } = checkEquations(answer)
  const asked = readNumbers(question)
  const given = readNumbers(answer)
  const used = new Set(given)
  const unused = new Set(asked.filter((number) => !used.has(number)))
  const last = given.at(-1)
  const value = last === undefined ? 0 : Math.min(valueMax, Number(last))
  const steps = answer.split(/\n+/).filter((line) => line.trim() !== '').length
  return Float64Array.of(
    wrong > 0 ? 1 : 0,
    Math.log1p(wrong),
    Math.log1p(right),
    right + wrong === 0 ? 1 : 0,
    unused.size / Math.max(1, new Set(asked).size),
    Math.log1p(unused.size),
    last === undefined ? 1 : 0,
    Math.log10(1 + value),
    Number.isInteger(value) ? 0 : 1,
    last !== undefined && asked.includes(last) ? 1 : 0,
    Math.log1p(steps),
    /[.!?。!?)\]}」”"`\d]\s*$/.test(answer) ? 0 : 1,
    doubts.test(answer) ? 1 : 0,
    Math.log1p(answer.length) - Math.log1p(question.length),
    ...readEnd(answer),
  )
}

const finalMark = /####|\\boxed\{|\b(?:final answer|answer is|answer:)|答案/i

/** Whether the final answer is marked as such, is followed by words, and whether any number has an unlikely many digits. */
function readEnd(answer: string): readonly number[] {
  const mark = answer.lastIndexOf('####')
  return [
    finalMark.test(answer) ? 0 : 1,
    mark !== -1 && /\p{L}{2}/u.test(answer.slice(mark)) ? 1 : 0,
    /\d\.\d{3}/.test(answer) ? 1 : 0,
  ]
}

const doubts =
  /\b(?:not sure|unclear|cannot (?:be )?determined?|can't (?:be )?determined?|not enough information|as an ai|i apologi[sz]e|sorry|assum(?:e|ing)|might be|let's try|mistake)\b|无法|無法|不确定|不確定|抱歉|可能是|假设|假設/i

/** Numbers as they are written, thousands without commas. */
function readNumbers(text: string): readonly string[] {
  return [...text.matchAll(/\d[\d,]*(?:\.\d+)?/g)].map(([found]) => found.replaceAll(',', '').replace(/\.0+$/, ''))
}
