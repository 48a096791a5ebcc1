import { invalid } from './error.ts'

/** One comparison of a filter: a path, lower case, and the value it equals. */
export interface Equality {
  readonly path: string
  readonly value: string | boolean
}

const lengthMax = 1_024
/** An attribute, perhaps with a condition on its values that is not looked into, and the value it is to equal. */
const equality =
  /^\s*((?:urn:[\w.:-]+:)?[a-z$][\w$.-]*(?:\[[^\][]*\](?:\.[a-z]+)?)?)\s+eq\s+("(?:[^"\\]|\\.)*"|true|false)\s*/i

/**
 * Reads `a eq "x"`, and several of them joined by `and`: what identity providers look people and groups up by. Throws
 * `invalidFilter` for anything else that RFC 7644 has.
 */
export function parseFilter(text: string): readonly Equality[] {
  if (text.length > lengthMax) throw invalid('invalidFilter', `a filter has at most ${lengthMax} characters`)
  const found: Equality[] = []
  let rest = text
  for (;;) {
    const match = equality.exec(rest)
    if (match === null) throw invalid('invalidFilter', 'a filter is: attribute eq "value", joined by and')
    const [whole, path = '', value = ''] = match
    found.push({ path: path.toLowerCase(), value: readValue(value) })
    rest = rest.slice(whole.length)
    if (rest === '') return found
    const and = /^and\s+/i.exec(rest)
    if (and === null) throw invalid('invalidFilter', 'comparisons are joined by and')
    rest = rest.slice(and[0].length)
  }
}

function readValue(text: string): string | boolean {
  if (!text.startsWith('"')) return text.toLowerCase() === 'true'
  try {
    return String(JSON.parse(text))
  } catch {
    throw invalid('invalidFilter', 'a value in a filter is text as JSON writes it')
  }
}
