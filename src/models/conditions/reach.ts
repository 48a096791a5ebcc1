import { decide, type Condition } from './condition.ts'
import { absent, type Signal, type SignalValue } from './signals.ts'

/** What cannot be in a list of rules of which the first that holds is taken. */
export type Unreachable =
  /** No request can meet it. */
  | { readonly type: 'contradiction'; readonly rule: number }
  /** Whatever meets it meets an earlier one. */
  | { readonly type: 'covered'; readonly rule: number }

/** Combinations looked at; with more signals than that nothing is said. */
const combinationsMax = 50_000

/**
 * The rules that are never taken. `undefined` as a condition always holds. Every signal is cut into the values between
 * which the conditions can tell, and all combinations are tried, so that a rule that is named here cannot be taken.
 */
export function findUnreachable(rules: readonly (Condition | undefined)[]): readonly Unreachable[] {
  const cells = toCells(rules.flatMap((rule) => (rule === undefined ? [] : listAtoms(rule))))
  const combinations = [...cells.values()].reduce((product, values) => product * values.length, 1)
  if (combinations > combinationsMax) return []
  const holds = new Set<number>()
  const taken = new Set<number>()
  for (const read of combine([...cells.entries()])) {
    let isTaken = false
    for (const [index, rule] of rules.entries()) {
      if (rule !== undefined && decide(rule, read) !== true) continue
      holds.add(index)
      if (!isTaken) taken.add(index)
      isTaken = true
    }
  }
  return rules.flatMap((_, rule): readonly Unreachable[] => {
    if (taken.has(rule)) return []
    return [{ type: holds.has(rule) ? 'covered' : 'contradiction', rule }]
  })
}

type Atom = Exclude<Condition, { readonly type: 'all' | 'any' | 'not' }>

function listAtoms(condition: Condition): readonly Atom[] {
  switch (condition.type) {
    case 'all':
    case 'any':
      return condition.parts.flatMap(listAtoms)
    case 'not':
      return listAtoms(condition.part)
    default:
      return [condition]
  }
}

/** For each signal, one value of every kind that the atoms can tell apart. */
function toCells(atoms: readonly Atom[]): ReadonlyMap<string, readonly SignalValue[]> {
  const bySignal = new Map<string, Atom[]>()
  for (const atom of atoms) {
    const known = bySignal.get(atom.signal.key)
    if (known === undefined) bySignal.set(atom.signal.key, [atom])
    else known.push(atom)
  }
  return new Map([...bySignal].map(([key, own]) => [key, cellsOf(own)]))
}

function cellsOf(atoms: readonly Atom[]): readonly SignalValue[] {
  const signal = atoms[0]?.signal
  if (signal === undefined) return [undefined]
  const unknown = mayBeUnknown(signal) ? [undefined] : []
  const values = [...new Set(atoms.flatMap((atom) => (atom.type === 'is' ? atom.values : [])))]
  if (signal.type === 'plain' && (signal.name === 'input' || signal.name === 'personal')) {
    return [...subsets([...values, 'another']), ...unknown]
  }
  if (atoms.some((atom) => atom.type === 'flag')) return [true, false, ...unknown]
  const ranges = atoms.flatMap((atom) => (atom.type === 'range' ? [atom.atLeast, atom.below] : []))
  if (ranges.length > 0)
    return [...new Set(ranges.flatMap((edge) => (edge === undefined ? [] : aroundEdge(edge)))), ...unknown]
  const others: readonly SignalValue[] =
    signal.type === 'plain' && signal.name === 'network' ? ['up', 'down'] : [...values, 'another value']
  const none: readonly SignalValue[] = signal.type === 'header' ? [absent] : []
  // A label may be a list, and then be several of the values at once.
  const lists = signal.type === 'label' ? subsets(values) : []
  return [...others, ...none, ...lists, ...unknown]
}

/** Just below an edge, and at it. Nothing is below zero. */
function aroundEdge(edge: number | bigint): readonly (number | bigint)[] {
  if (typeof edge === 'bigint') return edge > 0n ? [edge - 1n, edge] : [edge]
  return edge > 0 ? [edge - 1, edge] : [edge]
}

function subsets(values: readonly string[]): readonly ReadonlySet<string>[] {
  if (values.length > 6) return [new Set(), ...values.map((value) => new Set([value])), new Set(values)]
  return Array.from(
    { length: 2 ** values.length },
    (_, mask) => new Set(values.filter((_value, index) => (mask & (1 << index)) !== 0)),
  )
}

function mayBeUnknown(signal: Signal): boolean {
  if (signal.type === 'time' || signal.type === 'contains' || signal.type === 'healthy') return false
  if (signal.type !== 'plain') return true
  return !['tokens', 'turns', 'tools', 'input', 'format', 'stream', 'key', 'tenant'].includes(signal.name)
}

/** Every combination of the cells, as something to read signals from. */
function* combine(
  entries: readonly (readonly [string, readonly SignalValue[]])[],
): Generator<(signal: Signal) => SignalValue> {
  const places = entries.map(() => 0)
  for (;;) {
    const values = new Map<string, SignalValue>(entries.map(([key, cells], index) => [key, cells[places[index] ?? 0]]))
    yield (signal) => values.get(signal.key)
    let at = 0
    while (at < entries.length) {
      const next = (places[at] ?? 0) + 1
      if (next < (entries[at]?.[1].length ?? 0)) {
        places[at] = next
        break
      }
      places[at] = 0
      at++
    }
    if (at === entries.length) return
  }
}
