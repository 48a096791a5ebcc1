import { childrenOf, findPath, type Element } from '../../reading/index.ts'
import { formatNumber, type Label } from '../office/numbers.ts'
import { valueOf, type NumberingUse } from './styles.ts'

/** Counts the paragraphs of numbered lists and headings, as Word does when it shows them. */
export interface Numbering {
  /** The label of the next paragraph of a list: `•`, `1.`, `2.1.`, `第三条`; `undefined` when there is no such list. */
  next(use: NumberingUse): Label | undefined
}

interface Level {
  readonly format: string
  readonly text: string
  readonly start: number
  /** The level whose next number starts this one again; 0 for never. */
  readonly restart: number | undefined
}

interface Instance {
  readonly abstractId: string
  /** Numbers that levels begin with in this list, whatever went before. */
  readonly overrides: ReadonlyMap<number, number>
  readonly levels: ReadonlyMap<number, Level>
}

const levelsMax = 9

export function readNumbering(root: Element | undefined): Numbering {
  const numbering = findPath(root, 'w:numbering')
  const abstracts = new Map<string, ReadonlyMap<number, Level>>()
  const linked = new Map<string, string>()
  for (const abstract of childrenOf(numbering, 'w:abstractNum')) {
    const id = abstract.attributes['w:abstractNumId'] ?? ''
    abstracts.set(id, readLevels(abstract))
    const style = valueOf(abstract, 'w:styleLink')
    if (style !== undefined) linked.set(style, id)
  }
  for (const abstract of childrenOf(numbering, 'w:abstractNum')) {
    const link = valueOf(abstract, 'w:numStyleLink')
    const target = link === undefined ? undefined : abstracts.get(linked.get(link) ?? '')
    if (target !== undefined) abstracts.set(abstract.attributes['w:abstractNumId'] ?? '', target)
  }
  const instances = new Map<string, Instance>()
  for (const num of childrenOf(numbering, 'w:num')) {
    const abstractId = valueOf(num, 'w:abstractNumId') ?? ''
    instances.set(num.attributes['w:numId'] ?? '', readInstance(num, abstractId, abstracts.get(abstractId)))
  }
  return createCounting(instances)
}

function readLevels(abstract: Element): Map<number, Level> {
  const levels = new Map<number, Level>()
  for (const level of childrenOf(abstract, 'w:lvl')) {
    levels.set(Number(level.attributes['w:ilvl'] ?? 0), {
      format: valueOf(level, 'w:numFmt') ?? 'decimal',
      text: valueOf(level, 'w:lvlText') ?? '',
      start: Number(valueOf(level, 'w:start') ?? 1),
      restart: numberOf(valueOf(level, 'w:lvlRestart')),
    })
  }
  return levels
}

function readInstance(num: Element, abstractId: string, base: ReadonlyMap<number, Level> | undefined): Instance {
  const overrides = new Map<number, number>()
  const levels = new Map(base ?? [])
  for (const override of childrenOf(num, 'w:lvlOverride')) {
    const level = Number(override.attributes['w:ilvl'] ?? 0)
    const start = numberOf(valueOf(override, 'w:startOverride'))
    if (start !== undefined) overrides.set(level, start)
    for (const [own, definition] of readLevels(override)) levels.set(own, definition)
  }
  return { abstractId, overrides, levels }
}

function createCounting(instances: ReadonlyMap<string, Instance>): Numbering {
  const counters = new Map<string, (number | undefined)[]>()
  const begun = new Set<string>()
  return {
    next({ numId, level: asked }) {
      const instance = instances.get(numId)
      const level = Math.min(asked, levelsMax - 1)
      const definition = instance?.levels.get(level)
      if (instance === undefined || definition === undefined || definition.format === 'none') return undefined
      const counts = counters.get(instance.abstractId) ?? []
      counters.set(instance.abstractId, counts)
      const override = instance.overrides.get(level)
      const first = `${numId} ${level}`
      if (override !== undefined && !begun.has(first)) counts[level] = override
      else counts[level] = counts[level] === undefined ? definition.start : counts[level] + 1
      begun.add(first)
      // A level that was passed over counts as begun: after 2.1.1 comes 2.2.
      for (let above = 0; above < level; above++) counts[above] ??= instance.levels.get(above)?.start ?? 1
      for (let below = level + 1; below < levelsMax; below++) {
        const restart = instance.levels.get(below)?.restart
        if (restart !== 0 && (restart === undefined || level < restart)) counts[below] = undefined
      }
      if (definition.format === 'bullet') return { text: definition.text, isBullet: true }
      return { text: toLabel(instance, counts, definition), isBullet: false }
    },
  }
}

function toLabel(instance: Instance, counts: readonly (number | undefined)[], { text }: Level): string {
  return text.replace(/%([1-9])/g, (_, digit: string) => {
    const level = Number(digit) - 1
    const definition = instance.levels.get(level)
    return formatNumber(counts[level] ?? definition?.start ?? 1, definition?.format ?? 'decimal')
  })
}

function numberOf(text: string | undefined): number | undefined {
  const number = text === undefined ? Number.NaN : Number(text)
  return Number.isInteger(number) ? number : undefined
}
