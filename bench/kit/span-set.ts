import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseCsv } from './csv.ts'

/** Questions whose answers are exact spans of long texts. Offsets are UTF-16 units. */
export interface WholeSpans {
  readonly corpora: ReadonlyMap<string, string>
  readonly questions: readonly {
    readonly text: string
    readonly corpus: string
    readonly spans: readonly { readonly start: number; readonly end: number; readonly content: string }[]
  }[]
}

/** The chunking evaluation set; its offsets count code points. `undefined` when it is missing. */
export function readWholeSpans(folder: string): WholeSpans | undefined {
  const file = join(folder, 'questions_df.csv')
  if (!existsSync(file)) return undefined
  const corpora = new Map<string, string>()
  const units = new Map<string, readonly number[]>()
  const questions = parseCsv(readFileSync(file, 'utf8'))
    .slice(1)
    .map(([text = '', references = '[]', corpus = '']) => {
      if (!corpora.has(corpus)) {
        const whole = readFileSync(join(folder, `${corpus}.md`), 'utf8')
        corpora.set(corpus, whole)
        units.set(corpus, toUnitOffsets(whole))
      }
      const offsets = units.get(corpus) ?? []
      const spans = (JSON.parse(references) as readonly Reference[]).map(
        ({ start_index: start, end_index: end, content }) => ({
          start: offsets[start] ?? 0,
          end: offsets[end] ?? 0,
          content,
        }),
      )
      return { text, corpus, spans }
    })
  return { corpora, questions }
}

interface Reference {
  readonly start_index: number
  readonly end_index: number
  readonly content: string
}

/** For each code point where it begins in UTF-16 units, and the end of the text. */
function toUnitOffsets(text: string): readonly number[] {
  const offsets: number[] = []
  let unit = 0
  for (const character of text) {
    offsets.push(unit)
    unit += character.length
  }
  return [...offsets, unit]
}
