import { assert } from '../../core/assert.ts'
import type { FactDefinition, FactValue, Vocabulary } from './vocabulary.ts'

/**
 * What is known of a use case, a request or an endpoint, in the order of a pack's questions, so that a comparison is one
 * look into an array. Answers of a closed question are bits of a number; what is not known has a value of its own.
 */
export class Facts {
  /** `yes-no`, `one-of`, `some-of`: a bit for each answer given; -1 is unknown. One place more, which stays unknown. */
  readonly bits: Int32Array
  /** `number`, and `date` as days since 1970; NaN is unknown. */
  readonly numbers: Float64Array
  /** `texts`; `undefined` is unknown. */
  readonly lists: (readonly string[] | undefined)[]

  constructor(count: number) {
    this.bits = new Int32Array(count + 1).fill(-1)
    this.numbers = new Float64Array(count).fill(Number.NaN)
    this.lists = Array.from({ length: count }, () => undefined)
  }

  isKnown(place: number): boolean {
    return (this.bits[place] ?? -1) >= 0 || !Number.isNaN(this.numbers[place]) || this.lists[place] !== undefined
  }
}

/** Where each fact of a vocabulary lies. */
export interface FactPlaces {
  /** The place that is never known. */
  readonly never: number
  indexOf(name: string): number
  typeOf(name: string): FactDefinition['type']
  /** Whether a question has one answer, not several. */
  isSingle(place: number): boolean
  /** The bits of answers to a closed question. */
  toBits(name: string, values: readonly (boolean | number | string)[]): number
  toNumber(value: boolean | number | string): number
  /** Answers that `readAnswers` has passed. */
  encode(answers: ReadonlyMap<string, FactValue>): Facts
}

const dayMs = 86_400_000

export function createFactPlaces(vocabulary: Vocabulary): FactPlaces {
  const names = Object.keys(vocabulary)
  const codesOf = new Map(names.map((name) => [name, toCodes(vocabulary[name])]))
  const places: FactPlaces = {
    never: names.length,
    indexOf(name) {
      const index = names.indexOf(name)
      assert(index !== -1, 'the pack asks for the fact')
      return index
    },
    typeOf(name) {
      const definition = vocabulary[name]
      assert(definition !== undefined, 'the pack asks for the fact')
      return definition.type
    },
    isSingle: (place) => vocabulary[names[place] ?? '']?.type !== 'some-of',
    toBits(name, values) {
      const codes = codesOf.get(name) ?? []
      return values.reduce<number>((bits, value) => bits | (1 << codes.indexOf(value)), 0)
    },
    toNumber: (value) => (typeof value === 'string' ? Date.parse(`${value}T00:00:00Z`) / dayMs : Number(value)),
    encode(answers) {
      const facts = new Facts(names.length)
      for (const [place, name] of names.entries()) {
        const value = answers.get(name)
        if (value === undefined) continue
        const type = places.typeOf(name)
        if (type === 'number' || type === 'date')
          facts.numbers[place] = places.toNumber(value as number | string) // by its type
        else if (type === 'texts')
          facts.lists[place] = value as readonly string[] // by its type
        else facts.bits[place] = places.toBits(name, Array.isArray(value) ? value : [value as boolean | string]) // by its type
      }
      return facts
    },
  }
  return places
}

/** The answers of a closed question, each at the place of its bit. */
function toCodes(definition: FactDefinition | undefined): readonly (boolean | number | string)[] {
  if (definition === undefined) return []
  if (definition.type === 'yes-no') return [false, true]
  return 'values' in definition ? Object.keys(definition.values) : []
}
