import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { z } from 'zod'

/** Texts that are harmless, as far as anybody knows. */
export interface BenignSet {
  readonly name: string
  readonly texts: readonly string[]
}

const squad = z.looseObject({
  data: z.array(
    z.looseObject({
      paragraphs: z.array(
        z.looseObject({ context: z.string(), qas: z.array(z.looseObject({ question: z.string() })) }),
      ),
    }),
  ),
})
const prompt = z.looseObject({ prompt: z.union([z.string(), z.array(z.string())]) })

/** Passages and questions of the data sets there are; of folders that are missing, none. */
export function readBenign(dataFolder: string): readonly BenignSet[] {
  const sets: BenignSet[] = []
  const chinese = join(dataFolder, 'retrieval/cmrc2018/cmrc2018_dev.json')
  if (existsSync(chinese)) {
    const paragraphs = squad.parse(JSON.parse(readFileSync(chinese, 'utf8'))).data.flatMap((each) => each.paragraphs)
    sets.push({ name: 'passages.zh', texts: [...new Set(paragraphs.map(({ context }) => context))] })
    sets.push({ name: 'questions.zh', texts: paragraphs.flatMap(({ qas }) => qas.map(({ question }) => question)) })
  }
  const english = join(dataFolder, 'retrieval/chunking_eval')
  if (existsSync(english)) {
    const texts = readdirSync(english)
      .filter((name) => name.endsWith('.md'))
      .flatMap((name) => readFileSync(join(english, name), 'utf8').match(/[^]{1,1600}/g) ?? [])
    sets.push({ name: 'passages.en', texts })
  }
  for (const name of ['gsm8k', 'mmlu', 'mtbench']) {
    const path = join(dataFolder, `routing/routellm_${name}.jsonl`)
    if (!existsSync(path)) continue
    const lines = readFileSync(path, 'utf8').split('\n').filter(Boolean)
    sets.push({ name: `questions.${name}`, texts: lines.flatMap((line) => prompt.parse(JSON.parse(line)).prompt) })
  }
  return sets
}
