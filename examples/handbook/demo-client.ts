import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import OpenAI from 'openai'
import { z } from 'zod'

/** What an application needs to talk to Strata: a base URL and a key. */
export interface Access {
  readonly url: string
  readonly key: string
  /** Ends what is under way. */
  readonly signal: AbortSignal
}

export interface Ingested {
  readonly documents: number
  readonly passages: number
}

/** Puts every file of a folder into a new collection, over HTTP. */
export async function ingestFolder(access: Access, folder: string, collection: string): Promise<Ingested> {
  await send(access, '/v1/collections', { name: collection })
  const names = (await readdir(folder)).toSorted()
  let passages = 0
  for (const name of names) {
    const text = await readFile(join(folder, name), 'utf8')
    const answer = await send(access, `/v1/collections/${collection}/documents`, { external_id: name, text })
    passages += z.looseObject({ chunks: z.int() }).parse(answer).chunks
  }
  return { documents: names.length, passages }
}

const amount = z.looseObject({ usd: z.string() }).nullable()
const usage = z
  .looseObject({ input_total: z.int().nullable(), output_total: z.int().nullable(), source: z.string() })
  .nullable()

const citation = z.looseObject({ source: z.string(), start: z.int(), end: z.int(), text: z.string() })

/** The field `strata` of an answer; other clients do not look at it. */
const report = z.looseObject({
  call: z.string(),
  route: z.array(z.looseObject({ kind: z.string(), name: z.string(), status: z.string() })),
  endpoint: z.string().nullable(),
  regions: z.array(z.string()).nullable(),
  usage,
  cost: amount,
  citations: z.array(citation).default([]),
})

export type Report = z.infer<typeof report>
export type Citation = z.infer<typeof citation>

/** One answer with what Strata says of it. */
export interface Answered {
  /** The model asked. */
  readonly model: string
  readonly text: string
  readonly report: Report
  /** From sending the request to the whole answer, as the client saw it, milliseconds. */
  readonly elapsedMs: number
  /** The part of it that Strata added to the endpoint's own time, milliseconds. */
  readonly overheadMs: number | undefined
}

/** Asks through the official client: all that differs from asking a vendor is the base URL and the key. */
export async function ask(access: Access, model: string, question: string): Promise<Answered> {
  const client = new OpenAI({ baseURL: `${access.url}/v1`, apiKey: access.key, organization: null, project: null })
  const startedMs = performance.now()
  const { data, response } = await client.chat.completions
    .create({ model, messages: [{ role: 'user', content: question }] }, { maxRetries: 0, signal: access.signal })
    .withResponse()
  const elapsedMs = performance.now() - startedMs
  const overhead = response.headers.get('x-strata-overhead-ms')
  return {
    model,
    text: data.choices[0]?.message.content ?? '',
    report: z.looseObject({ strata: report }).parse(data).strata,
    elapsedMs,
    overheadMs: overhead === null ? undefined : Number(overhead),
  }
}

/** One node of a call tree, with those below it. */
export interface CallNode {
  readonly kind: string
  readonly name: string
  readonly status: string
  readonly duration_ms: number
  readonly regions: readonly string[] | null
  readonly usage: z.infer<typeof usage>
  readonly cost: z.infer<typeof amount>
  readonly price_version: string | null
  readonly detail: Readonly<Record<string, unknown>> | null
  readonly children: readonly CallNode[]
}

const callNode: z.ZodType<CallNode> = z.lazy(() =>
  z.looseObject({
    kind: z.string(),
    name: z.string(),
    status: z.string(),
    duration_ms: z.number(),
    regions: z.array(z.string()).nullable(),
    usage,
    cost: amount,
    price_version: z.string().nullable(),
    detail: z.record(z.string(), z.unknown()).nullable(),
    children: z.array(callNode),
  }),
)

/** The record of one call, as the tree it grew. */
export async function readCall(access: Access, id: string): Promise<CallNode> {
  return callNode.parse(await send(access, `/v1/calls/${id}`))
}

/** A POST when there is a body, else a GET. Rejects with what the server says is wrong. */
async function send({ url, key, signal }: Access, path: string, body?: object): Promise<unknown> {
  const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' }
  const init =
    body === undefined ? { headers, signal } : { method: 'POST', headers, signal, body: JSON.stringify(body) }
  const response = await fetch(`${url}${path}`, init)
  const text = await response.text()
  if (!response.ok) throw new Error(`${path} answered ${response.status}: ${text}`)
  return JSON.parse(text)
}
