/** Texts that announce the final answer, the surest first; the last one of a text counts. */
const announcements: readonly RegExp[] = [
  /####[ \t]*([^\n]{1,200})/g,
  /\b(?:final )?answer(?: is)?[ \t]*(?:[:：=][ \t]*|is[ \t:：]+|[ \t]+is[ \t]+)([^\n]{1,200})/gi,
  /(?:最终答案|最終答案|答案|正确选项|正確選項|选项|選項|结果|結果)[ \t]*(?:是|为|為|应为|應為|[:：=])[ \t]*([^\n]{1,200})/g,
  /(?:因此|所以|故|综上)[,，]?[^\n。]{0,40}?(?:选|選)[ \t]*[（(]?([A-Ha-h])(?![a-zA-Z])/g,
]

const number = /[-−+]?(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?(?:[eE][+-]?\d{1,3})?/g
const choice = /^[\s"'`*([（【]*([A-Ha-h])(?:[\s"'`*)\].,，。:：）】]|$)/

/** Characters looked at, from the end: a final answer stands there. */
const lengthMax = 20_000

/**
 * The final answer of a text in one form, so that two texts that reach the same answer are equal: a number without commas,
 * units and trailing zeros, the letter of a choice, or the words after the announcement. A text that announces none is
 * taken by its last number, and without numbers whole. `undefined` for an empty text.
 */
export function findFinalAnswer(text: string): string | undefined {
  const seen = toHalfWidth(text.slice(-lengthMax)).trim()
  if (seen === '') return undefined
  const announced = findBoxed(seen) ?? findAnnounced(seen)
  if (announced !== undefined) return toForm(announced)
  const only = choice.exec(seen)?.[1]
  if (only !== undefined && seen.length <= 80) return only.toUpperCase()
  const last = seen.match(number)?.at(-1)
  return last === undefined ? toWords(seen) : toNumber(last)
}

/** A number in one form: `1,200.50` is `1200.5`, `−0` is `0`; exact, not by way of a float. */
function toNumber(text: string): string {
  const [mantissa = '', exponent] = text
    .replaceAll(',', '')
    .replace('−', '-')
    .replace(/^\+/, '')
    .toLowerCase()
    .split('e')
  if (exponent !== undefined && Number(exponent) !== 0) return toPlain(Number(`${mantissa}e${exponent}`))
  const [, sign = '', whole = '', fraction = ''] = /^(-?)0*(\d*?)(?:\.(\d*?)0*)?$/.exec(mantissa) ?? []
  const digits = `${whole === '' ? '0' : whole}${fraction === '' ? '' : `.${fraction}`}`
  return digits === '0' ? '0' : sign + digits
}

/** What a text says, whatever its case, its spaces and the marks around it. */
export function toWords(text: string): string {
  return text
    .normalize('NFKC')
    .toLowerCase()
    .replace(/\s+/g, ' ')
    .replace(/^[\s"'`*_.,;:!?()[\]{}。,;:!?、()“”]+|[\s"'`*_.,;:!?()[\]{}。,;:!?、()“”]+$/g, '')
}

/** What stands in the last `\boxed{…}`, braces counted. */
function findBoxed(text: string): string | undefined {
  const start = text.lastIndexOf('\\boxed{')
  if (start === -1) return undefined
  const from = start + '\\boxed{'.length
  let depth = 1
  for (let at = from; at < text.length; at++) {
    if (text[at] === '{') depth++
    else if (text[at] === '}' && --depth === 0) return text.slice(from, at)
  }
  return undefined
}

function findAnnounced(text: string): string | undefined {
  for (const pattern of announcements) {
    const last = [...text.matchAll(pattern)].at(-1)?.[1]?.trim()
    if (last !== undefined && last !== '') return last
  }
  return undefined
}

/** Of what was announced: a choice, else its first number (units and words follow it), else its words. */
function toForm(announced: string): string {
  const plain = announced.replace(/\\(?:text|mathrm)\{([^{}]*)\}/g, '$1').replace(/[\\$€£¥*`]/g, '')
  const letter = choice.exec(plain)?.[1]
  if (letter !== undefined) return letter.toUpperCase()
  const fraction = /frac\{(-?\d+)\}\{(\d+)\}|(-?\d+)\s*\/\s*(\d+)/.exec(plain)
  if (fraction !== null) return `${fraction[1] ?? fraction[3]}/${fraction[2] ?? fraction[4]}`
  // Of `8 + 9 = 17` the result counts.
  const result = plain.includes('=') ? plain.slice(plain.lastIndexOf('=') + 1) : plain
  const first = (result.match(number) ?? plain.match(number))?.[0]
  return first === undefined ? toWords(plain) : toNumber(first)
}

function toPlain(value: number): string {
  return Number.isFinite(value) ? String(value) : String(Math.sign(value) * Number.MAX_VALUE)
}

/** Digits and signs as Chinese texts may set them. */
function toHalfWidth(text: string): string {
  return text.replace(/[\uff0b-\uff5a]/g, (character) => String.fromCharCode(character.charCodeAt(0) - 0xfee0))
}
