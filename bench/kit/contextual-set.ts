import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** Files of code in given chunks, and questions with the chunks that answer them. */
export interface ContextualSet {
  readonly files: readonly { readonly id: string; readonly text: string; readonly cuts: readonly number[] }[]
  readonly questions: readonly {
    readonly text: string
    /** Each `file/number of the chunk`. */
    readonly golden: readonly string[]
  }[]
}

export function readContextualSet(folder: string): ContextualSet | undefined {
  const [chunksFile, questionsFile] = [join(folder, 'codebase_chunks.json'), join(folder, 'evaluation_set.jsonl')]
  if (!existsSync(chunksFile) || !existsSync(questionsFile)) return undefined
  // Published files of known form.
  const files = (JSON.parse(readFileSync(chunksFile, 'utf8')) as readonly FileOfChunks[]).map((file) => {
    let at = 0
    const cuts = file.chunks.map(({ content }) => {
      const cut = at
      at += content.length
      return cut
    })
    return { id: file.original_uuid, text: file.chunks.map(({ content }) => content).join(''), cuts }
  })
  const lines = readFileSync(questionsFile, 'utf8')
    .split('\n')
    .filter((line) => line.trim() !== '')
  const questions = lines.map((line) => {
    const { query, golden_chunk_uuids: golden } = JSON.parse(line) as QuestionLine
    return { text: query, golden: golden.map(([file, chunk]) => `${file}/${chunk}`) }
  })
  return { files, questions }
}

interface FileOfChunks {
  readonly original_uuid: string
  readonly chunks: readonly { readonly content: string }[]
}

interface QuestionLine {
  readonly query: string
  readonly golden_chunk_uuids: readonly (readonly [string, number])[]
}
