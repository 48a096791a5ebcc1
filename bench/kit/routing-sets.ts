import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { TrainingPair } from '../../src/models/index.ts'

/** One of RouteLLM's sets: prompts with the quality of a weak and a strong model's answer. */
export interface RoutingSet {
  readonly train: readonly TrainingPair[]
  readonly test: readonly TrainingPair[]
}

interface RoutingRow {
  readonly split: 'train' | 'test'
  readonly prompt: string
  readonly weak: number
  readonly strong: number
  readonly weak_response?: string
}

/** `undefined` when the file is missing. The split is that of the file: parity of the first 8 hex digits of SHA-256. */
export function readRoutingSet(dataFolder: string, name: 'mmlu' | 'gsm8k' | 'mtbench'): RoutingSet | undefined {
  const path = join(dataFolder, 'routing', `routellm_${name}.jsonl`)
  if (!existsSync(path)) return undefined
  const rows = readFileSync(path, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as RoutingRow) // a published file of known form
  const choose = (split: RoutingRow['split']): readonly TrainingPair[] =>
    rows.filter((row) => row.split === split).map(toPair)
  return { train: choose('train'), test: choose('test') }
}

function toPair({ prompt, weak, strong, weak_response: answer }: RoutingRow): TrainingPair {
  return { prompt, scores: { weak, strong }, ...(answer === undefined ? {} : { answers: { weak: answer } }) }
}

/** `count` of a list, in an order that chance decides. */
export function sample<T>(list: readonly T[], count: number, random: { next(): number }): readonly T[] {
  const rest = [...list]
  for (let place = 0; place < Math.min(count, rest.length); place++) {
    const other = place + Math.floor(random.next() * (rest.length - place))
    const [one, two] = [rest[place], rest[other]]
    if (one === undefined || two === undefined) continue
    rest[place] = two
    rest[other] = one
  }
  return rest.slice(0, count)
}
