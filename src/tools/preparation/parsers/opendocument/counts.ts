import type { Element } from '../../reading/index.ts'

/** A whole number from 1 to `max` that an element says; 1 when it says none. */
export function countOf({ attributes }: Element, name: string, max: number): number {
  const count = Number(attributes[name] ?? 1)
  return Number.isInteger(count) && count >= 1 ? Math.min(count, max) : 1
}

/** The number that an item of a list or a heading says it has. */
export function startOf({ attributes }: Element): number | undefined {
  const start = Number(attributes['text:start-value'] ?? Number.NaN)
  return Number.isInteger(start) && start >= 0 ? start : undefined
}

/** Levels of lists and headings that there are. */
export const levelsMax = 10
