/** What a number with a unit has to be. */
export interface UnitRule {
  readonly of: readonly string[]
  readonly atLeast?: number | undefined
  readonly atMost?: number | undefined
}

const number = String.raw`-?\d[\d,]*(?:\.\d+)?(?:[eE][+-]?\d+)?`

/** Why the line does not end in a number with one of the units within the bounds; `undefined` when it does. */
export function checkUnit(line: string, rule: UnitRule): string | undefined {
  const units = rule.of.map(escape).join('|')
  // Before the number, as with currencies, or after it; the last such number counts.
  const found = [
    ...line.matchAll(
      new RegExp(`(${number})[ \\t]*(?:${units})(?![\\p{L}])|(?<![\\p{L}])(?:${units})[ \\t]*(${number})`, 'giu'),
    ),
  ].at(-1)
  if (found === undefined) return `The answer has to end in a number with one of the units ${rule.of.join(', ')}.`
  const value = Number((found[1] ?? found[2] ?? '').replaceAll(',', ''))
  if (rule.atLeast !== undefined && value < rule.atLeast) return `The answer must be at least ${rule.atLeast}.`
  if (rule.atMost !== undefined && value > rule.atMost) return `The answer must be at most ${rule.atMost}.`
  return undefined
}

function escape(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\/-]/g, '\\$&')
}
