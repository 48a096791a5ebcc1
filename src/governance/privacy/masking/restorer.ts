import { tokenStart } from './token-book.ts'

/** Turns tokens back into values in a text that comes in pieces. What may still become a token is held back. */
export interface Restorer {
  /** What can be let out now. */
  read(text: string): string
  /** What was held back, now that nothing follows. */
  flush(): string
  /** Where an offset of the text that came in lies in the text that went out. */
  readonly toRestored: (offset: number) => number
}

/** `encode` writes a value as the place demands: as it is, or as the inside of a JSON string. */
export function createRestorer(
  values: ReadonlyMap<string, string>,
  encode: (value: string) => string = (value) => value,
): Restorer {
  const lengths = [...new Set([...values.keys()].map((token) => token.length))].toSorted((left, right) => left - right)
  const prefixes = collectPrefixes(values)
  const shifts: { readonly at: number; readonly growth: number }[] = []
  let pending = ''
  let released = 0
  let growth = 0

  function take(isEnd: boolean): string {
    let out = ''
    let from = 0
    for (let start = pending.indexOf(tokenStart); start !== -1; start = pending.indexOf(tokenStart, from)) {
      const token = lengths.map((length) => pending.slice(start, start + length)).find((each) => values.has(each))
      if (token !== undefined) {
        const value = encode(values.get(token) ?? '')
        out += pending.slice(from, start) + value
        from = start + token.length
        growth += value.length - token.length
        shifts.push({ at: released + from, growth })
        continue
      }
      if (!isEnd && prefixes.has(pending.slice(start))) return release(out + pending.slice(from, start), start)
      out += pending.slice(from, start + 1)
      from = start + 1
    }
    const end = isEnd ? pending.length : Math.max(from, pending.length - startHeld(pending))
    return release(out + pending.slice(from, end), end)
  }

  function release(out: string, end: number): string {
    released += end
    pending = pending.slice(end)
    return out
  }

  return {
    read(text) {
      if (values.size === 0) return text
      pending += text
      return take(false)
    },
    flush: () => take(true),
    toRestored: (offset) => offset + (shifts.findLast(({ at }) => at <= offset)?.growth ?? 0),
  }
}

/** Every beginning of a token, the whole ones left out. */
function collectPrefixes(values: ReadonlyMap<string, string>): ReadonlySet<string> {
  const prefixes = new Set<string>()
  for (const token of values.keys()) {
    for (let length = tokenStart.length; length < token.length; length++) prefixes.add(token.slice(0, length))
  }
  return prefixes
}

/** How many characters at the end may be the beginning of the start of a token. */
function startHeld(text: string): number {
  for (let length = tokenStart.length - 1; length > 0; length--) {
    if (text.endsWith(tokenStart.slice(0, length))) return length
  }
  return 0
}
