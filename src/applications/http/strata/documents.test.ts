import { afterAll, beforeAll, expect, test } from 'vitest'
import { startStrata, type RunningStrata } from '../../../../test/kit/strata.ts'
import { docx, paragraph } from '../../../tools/preparation/testing.ts'

let strata: RunningStrata
const path = '/v1/collections/files/documents'

beforeAll(async () => {
  strata = await startStrata({ config: {} })
  await strata.request('/v1/collections', undefined, { method: 'POST', body: JSON.stringify({ name: 'files' }) })
})

afterAll(() => strata.close())

async function post(body: FormData | object): Promise<{ readonly status: number; readonly body: unknown }> {
  // A form as a client sends it: its own type, with the mark between its parts.
  const form = body instanceof FormData ? new Response(body) : undefined
  const init =
    form === undefined
      ? { method: 'POST', body: JSON.stringify(body) }
      : {
          method: 'POST',
          body: Buffer.from(await form.arrayBuffer()),
          headers: { 'content-type': form.headers.get('content-type') ?? '' },
        }
  const response = await strata.request(path, undefined, init)
  return { status: response.status, body: await response.json() }
}

const bytes = docx(paragraph('Hotels are limited to 140 euros.'))

test('a file is taken in as a form, under its own name, once', async () => {
  const form = new FormData()
  form.append('file', new File([new Uint8Array(bytes)], 'travel.docx'))
  expect(await post(form)).toMatchObject({ status: 201, body: { external_id: 'travel.docx', chunks: 1 } })
  form.append('external_id', 'travel.docx')
  expect(await post(form)).toMatchObject({ status: 200, body: { outcome: 'unchanged' } })
})

test('a file is taken in as JSON with its bytes', async () => {
  const data = Buffer.from(bytes).toString('base64')
  expect(await post({ external_id: 'b.docx', data })).toMatchObject({ status: 201, body: { external_id: 'b.docx' } })
})

test('a form without a file, a document of nothing and a file that cannot be read are refused with the reason', async () => {
  const form = new FormData()
  form.append('external_id', 'x')
  expect(await post(form)).toMatchObject({ status: 400, body: { error: { code: 'INVALID_REQUEST' } } })
  form.append('file', new File(['Words.'], 'a.md'))
  form.append('file', new File(['Other words.'], 'b.md'))
  expect(await post(form)).toMatchObject({ status: 400, body: { error: { code: 'INVALID_REQUEST', param: 'file' } } })
  expect(await post({ external_id: 'x', text: 'Words.', region: 'mars' })).toMatchObject({
    status: 400,
    body: { error: { code: 'INVALID_REQUEST', param: 'region' } },
  })
  expect(await post({ external_id: '\ud800', text: 'Words.' })).toMatchObject({
    body: { error: { param: 'external_id' } },
  })
  expect(await post({ external_id: 'x' })).toMatchObject({ status: 400, body: { error: { code: 'INVALID_REQUEST' } } })
  const broken = Buffer.from(bytes.subarray(0, 60)).toString('base64')
  expect(await post({ external_id: 'x.docx', data: broken })).toMatchObject({
    status: 422,
    body: { error: { code: 'DOCUMENT_REFUSED' } },
  })
})

test('who names a document in a path by the external id is told of the id', async () => {
  await post({ external_id: 'c.md', text: '# C\n\nWords.' })
  const asked = (id: string): Promise<Response> => strata.request(`${path}/${id}/rights`, undefined, { method: 'GET' })
  expect(await (await asked('c.md')).json()).toMatchObject({
    error: { code: 'NOT_FOUND', message: expect.stringContaining('named by its id, "doc_…"') },
  })
  expect(JSON.stringify(await (await asked('doc_none')).json())).not.toContain('named by its id')
})
