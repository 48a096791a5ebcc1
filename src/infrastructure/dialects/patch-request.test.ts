import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { DialectId, WireRequest } from '../../core/chat.ts'
import { isJsonObject, type JsonObject } from '../../core/json.ts'
import { skimJsonObject } from '../../core/json-skim.ts'
import { dialects } from './index.ts'

interface Ask {
  readonly id?: DialectId
  readonly stream?: boolean
  readonly isSkimmed?: boolean
}

/** The text an endpoint gets for a client's text. */
function patch(text: string, ask: Ask = {}): string {
  const { id = 'openai-chat', stream = false, isSkimmed = false } = ask
  const body: unknown = JSON.parse(text)
  if (!isJsonObject(body)) throw new Error('not an object')
  const buffer = Buffer.from(text)
  // Two pieces, so that what lies across them is read and cut as well.
  const middle = Math.floor(buffer.length / 2)
  const bytes = { chunks: [buffer.subarray(0, middle), buffer.subarray(middle)], length: buffer.length }
  const skim = skimJsonObject(bytes)
  const wire: WireRequest = {
    dialect: id,
    text,
    body,
    headers: {},
    skim: isSkimmed && 'members' in skim ? { bytes, members: skim.members } : undefined,
  }
  const patched = dialects[id].patchRequest(wire, { model: 'vendor/model', stream, outputTokensMax: undefined })
  return typeof patched === 'string' ? patched : Buffer.concat(patched).toString('utf8')
}

describe.each([false, true])('patching a request of the same dialect (read from bytes: %s)', (isSkimmed) => {
  test('replaces the name of the model and leaves every other byte', () => {
    const before = '{ "messages" : [ {"role":"user","content":"say \\"model\\": \\u4f60 }{"} ],\n "n":1.50e0, "model"'
    const text = `${before}: "everyday" , "x":{"model":"inner"} }`
    expect(patch(text, { isSkimmed })).toBe(`${before}: "vendor/model" , "x":{"model":"inner"} }`)
  })

  test.each([
    ['{"strata":{"a":[1,{"b":"}"}]},"model":"m","n":1}', '{"model":"vendor/model","n":1}'],
    ['{"model":"m", "strata" : null ,"n":1}', '{"model":"vendor/model" ,"n":1}'],
    ['{"model":"m","n":1,"strata":true}', '{"model":"vendor/model","n":1}'],
    ['{"strata":{}}', '{"model":"vendor/model"}'],
    ['{}', '{"model":"vendor/model"}'],
  ])('removes the extension from %s', (text, patched) => {
    expect(patch(text, { isSkimmed })).toBe(patched)
  })

  test('asks streams of OpenAI chat for usage, and keeps what else the client asked', () => {
    const ask = { stream: true, isSkimmed }
    expect(patch('{"model":"m","stream":true}', ask)).toBe(
      '{"stream_options":{"include_usage":true},"model":"vendor/model","stream":true}',
    )
    expect(
      patch('{"stream":true,"stream_options":{"include_usage":false,"include_obfuscation":false},"model":"m"}', ask),
    ).toBe('{"stream":true,"stream_options":{"include_usage":true,"include_obfuscation":false},"model":"vendor/model"}')
    expect(patch('{"strata":1,"stream":true,"stream_options":null,"model":"m"}', ask)).toBe(
      '{"stream":true,"stream_options":{"include_usage":true},"model":"vendor/model"}',
    )
    for (const id of ['anthropic-messages', 'openai-responses'] as const) {
      expect(patch('{"model":"m","stream":true}', { ...ask, id })).toBe('{"model":"vendor/model","stream":true}')
    }
  })

  test('a duplicate leaves one meaning, the one that was judged', () => {
    const twice = patch('{"model":"a","messages":[1],"model":"b","messages":[2]}', { isSkimmed })
    expect(twice).toBe('{"model":"vendor/model","messages":[2]}')
    const escaped: unknown = JSON.parse(patch('{"\\u006dodel":"a","model":"b","n":1}', { isSkimmed }))
    expect(escaped).toEqual({ model: 'vendor/model', n: 1 })
    expect(patch('{"str\\u0061ta":{"secret":1},"model":"b"}', { isSkimmed })).not.toContain('secret')
  })

  test('a client that streams differently from the target gets its text written anew', () => {
    expect(JSON.parse(patch('{"model":"a","stream":true}', { isSkimmed }))).toEqual({
      model: 'vendor/model',
      stream: false,
    })
  })

  test('always means the client’s body with the three changes', () => {
    const key = fc.oneof(fc.string({ maxLength: 4 }), fc.constantFrom('model', 'strata', 'stream_options', 'messages'))
    const body = fc.dictionary(
      key.filter((name) => name !== 'stream' && name !== '__proto__'),
      fc.jsonValue({ maxDepth: 3 }),
      { maxKeys: 6 },
    )
    fc.assert(
      fc.property(body, fc.boolean(), fc.constantFrom(0, 1, 3), (fields, stream, indent) => {
        const text = JSON.stringify(stream ? { ...fields, stream: true } : fields, undefined, indent)
        const patched: unknown = JSON.parse(patch(text, { stream, isSkimmed }))
        const { strata: _, ...rest } = JSON.parse(text) as JsonObject // an object by its making
        const options = isJsonObject(rest['stream_options']) ? rest['stream_options'] : {}
        const asked = stream ? { stream_options: { ...options, include_usage: true } } : {}
        expect(patched).toEqual({ ...rest, ...asked, model: 'vendor/model' })
      }),
      { numRuns: 300 },
    )
  })
})
