import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { z } from 'zod'
import { ask, ingestFolder, readCall, type Access, type Answered } from './demo-client.ts'
import { toAnswerLines, toFailureLines, toHeading, toNote, toTreeLines } from './demo-page.ts'
import { startServer, type DemoServer } from './demo-server.ts'

const documents = join(import.meta.dirname, 'documents')
const collection = 'handbook'
const model = 'handbook'

const afterwards = `
To go on: npm start serves for real on http://127.0.0.1:7077 · docs/guide/1-start.md · 中文: docs/guide/zh/1-start.md
With a vendor's key in the environment (OPENAI_API_KEY, ANTHROPIC_API_KEY, DASHSCOPE_API_KEY, …) or Ollama on this
machine, npm run demo asks that model instead, with no other change.
`

/**
 * `npm run demo`: starts Strata on an empty data folder, takes in the handbook, asks its three questions through the
 * official `openai` client, and shows what can be checked of each answer.
 */
process.exitCode = await main()

/** The exit code: 0 when every question was answered, 1 when not, 130 when interrupted. */
async function main(): Promise<number> {
  const leaving = new AbortController()
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => leaving.abort())
  process.stdout.on('error', () => leaving.abort()) // Who reads along has left.
  const { signal } = leaving
  let folder: string | undefined
  let server: DemoServer | undefined
  try {
    folder = await mkdtemp(join(tmpdir(), 'strata-demo-'))
    const startedMs = performance.now()
    server = await startServer({ folder, environment: process.env, signal })
    print(toHeading(`Strata serves at ${server.url}, ${toSeconds(performance.now() - startedMs)} after it was started`))
    for (const notice of server.notices) print(toNote(notice))
    return await showQuestions({ url: server.url, key: server.key, signal })
  } catch (thrown) {
    if (signal.aborted) {
      print('\nInterrupted: the server is stopped and its data folder removed.')
      return 130
    }
    process.stderr.write(`\nThe demo cannot go on: ${thrown instanceof Error ? thrown.message : String(thrown)}\n`)
    return 1
  } finally {
    await server?.stop()
    if (folder !== undefined) await rm(folder, { recursive: true, force: true })
  }
}

async function showQuestions(access: Access): Promise<number> {
  const startedMs = performance.now()
  const taken = await ingestFolder(access, documents, collection)
  const time = toSeconds(performance.now() - startedMs)
  print(toNote(`Took in ${taken.documents} documents as ${taken.passages} passages in ${time}.`))
  print(toHeading(`Three questions to the model "${model}", through the openai client at ${access.url}/v1`))
  let last: Answered | undefined
  let failures = 0
  for (const question of await readQuestions()) {
    const answered = await show(access, question)
    if (answered === undefined) failures++
    else last = answered
    print('')
  }
  if (last !== undefined) await showTree(access, last.report.call)
  if (failures > 0) {
    print(`${failures} of the questions could not be answered; the reason stands above.`)
    print('Without that key or model server the built-in model answers: unset the one, or stop the other.')
  }
  print(afterwards)
  return failures === 0 ? 0 : 1
}

/** Prints a question with its answer, or with why there is none. */
async function show(access: Access, question: string): Promise<Answered | undefined> {
  try {
    const answered = await ask(access, model, question)
    for (const line of toAnswerLines(question, answered, documents)) print(line)
    return answered
  } catch (thrown) {
    if (!(thrown instanceof Error && 'status' in thrown && thrown.status !== undefined)) throw thrown
    for (const line of toFailureLines(question, thrown.message)) print(line)
    return undefined
  }
}

async function showTree(access: Access, id: string): Promise<void> {
  print(toHeading(`The call tree of the last answer, read back from the store: GET /v1/calls/${id}`))
  for (const line of toTreeLines(await readCall(access, id))) print(line)
}

async function readQuestions(): Promise<readonly string[]> {
  const text = await readFile(join(import.meta.dirname, 'questions.json'), 'utf8')
  return z
    .array(z.looseObject({ ask: z.string() }))
    .parse(JSON.parse(text))
    .map((question) => question.ask)
}

function toSeconds(milliseconds: number): string {
  return `${(milliseconds / 1_000).toFixed(2)} s`
}

function print(text: string): void {
  process.stdout.write(`${text}\n`)
}
