/** How many sums written in a text were done again, and how many of them hold. */
export interface EquationCheck {
  readonly right: number
  readonly wrong: number
}

const reachUnits = 120
const equationsMax = 200

/**
 * Does every sum in a text again: `3 x 60 = 180`, `(12 + 4) / 2 = 8`, `16*60/100=9.6`. A result counts as right when it
 * is the exact one or that one rounded as written. What cannot be read as a sum of two or more numbers is passed over.
 */
export function checkEquations(text: string): EquationCheck {
  let right = 0
  let wrong = 0
  for (let at = text.indexOf('='); at !== -1 && right + wrong < equationsMax; at = text.indexOf('=', at + 1)) {
    const computed = readLeft(text, at)
    const stated = computed === undefined ? undefined : readRight(text, at + 1)
    if (computed === undefined || stated === undefined) continue
    if (isSame(computed, stated)) right++
    else wrong++
  }
  return { right, wrong }
}

interface Stated {
  readonly value: number
  /** Digits after the point. */
  readonly decimals: number
}

function isSame(computed: number, { value, decimals }: Stated): boolean {
  const step = 10 ** -decimals
  return Math.abs(computed - value) <= Math.max(step * 0.501, Math.abs(computed) * 1e-9)
}

/** The number a text begins with, after signs of money. */
function readRight(text: string, start: number): Stated | undefined {
  const match = /^[\s$€£¥￥]*(-?)[\s$€£¥￥]*(\d[\d,]*)(?:\.(\d+))?/.exec(text.slice(start, start + 60))
  if (match === null) return undefined
  const [, sign, whole = '', decimals = ''] = match
  const after = text.slice(start + match[0].length, start + match[0].length + 12)
  // `= 3 * 4` goes on: what stands here is no result but another sum.
  if (/^\s*(?:\\?\*|[/×÷^+]|-\s*\d|x\s*\d)/.test(after)) return undefined
  const value = Number(`${whole.replaceAll(',', '')}${decimals === '' ? '' : `.${decimals}`}`)
  return { value: sign === '-' ? -value : value, decimals: decimals.length }
}

/** The value of the longest sum that ends at a place; `undefined` when there is none with two numbers. */
function readLeft(text: string, end: number): number | undefined {
  let start = end
  while (start > 0 && end - start < reachUnits && isOfSum(text.charCodeAt(start - 1))) start--
  let tokens = tokenise(text.slice(start, end))
  while (tokens.length >= 3) {
    const value = evaluate(tokens)
    if (value !== undefined && tokens.filter((token) => typeof token === 'number').length > 1) return value
    tokens = tokens.slice(1)
  }
  return undefined
}

// Digits . , space + - * / ( ) % $ x × ÷ − · and the stroke with which Markdown escapes a star.
function isOfSum(code: number): boolean {
  if (code >= 48 && code <= 57) return true
  return ' .,+-*/()%$x×÷−·\\\u00a0€£¥'.includes(String.fromCharCode(code))
}

type Token = number | '+' | '-' | '*' | '/' | '(' | ')' | '%'

function tokenise(text: string): readonly Token[] {
  const tokens: Token[] = []
  for (const [found] of text.matchAll(/\d[\d,]*(?:\.\d+)?|\.\d+|[+\-*/()%x×÷−·]/g)) {
    const sign = signs[found]
    tokens.push(sign ?? Number(found.replaceAll(',', '')))
  }
  return tokens
}

const signs: Readonly<Record<string, Exclude<Token, number>>> = Object.freeze({
  '+': '+',
  '-': '-',
  '−': '-',
  '*': '*',
  x: '*',
  '×': '*',
  '·': '*',
  '/': '/',
  '÷': '/',
  '(': '(',
  ')': ')',
  '%': '%',
})

/** The value of a whole sum; `undefined` when the tokens are not one. */
function evaluate(tokens: readonly Token[]): number | undefined {
  const reader = new SumReader(tokens)
  const value = reader.sum()
  return value !== undefined && reader.isAtEnd && Number.isFinite(value) ? value : undefined
}

class SumReader {
  readonly #tokens: readonly Token[]
  #at = 0

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens
  }

  get isAtEnd(): boolean {
    return this.#at === this.#tokens.length
  }

  sum(): number | undefined {
    let value = this.#product()
    for (let sign = this.#take('+', '-'); value !== undefined && sign !== undefined; sign = this.#take('+', '-')) {
      const next = this.#product()
      value = next === undefined ? undefined : sign === '+' ? value + next : value - next
    }
    return value
  }

  #product(): number | undefined {
    let value = this.#factor()
    for (let sign = this.#take('*', '/'); value !== undefined && sign !== undefined; sign = this.#take('*', '/')) {
      const next = this.#factor()
      value = next === undefined ? undefined : sign === '*' ? value * next : value / next
    }
    return value
  }

  #factor(): number | undefined {
    if (this.#take('-') !== undefined) {
      const value = this.#factor()
      return value === undefined ? undefined : -value
    }
    if (this.#take('(') !== undefined) {
      const value = this.sum()
      return this.#take(')') === undefined ? undefined : this.#percent(value)
    }
    const token = this.#tokens[this.#at]
    if (typeof token !== 'number') return undefined
    this.#at++
    return this.#percent(token)
  }

  #percent(value: number | undefined): number | undefined {
    return value !== undefined && this.#take('%') !== undefined ? value / 100 : value
  }

  #take(...wanted: readonly Token[]): Token | undefined {
    const token = this.#tokens[this.#at]
    if (token === undefined || !wanted.includes(token)) return undefined
    this.#at++
    return token
  }
}
