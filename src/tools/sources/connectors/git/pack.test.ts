import { createHash } from 'node:crypto'
import { deflateSync } from 'node:zlib'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { readPack } from './index.ts'

const bounds = { objectBytesMax: 10_000, bytesMax: 100_000 }
const [commit, blob, offsetDelta, idDelta] = [1, 3, 6, 7]
const base = Buffer.from('The first rule of the house is that there are rules.')
const idOf = (text: Buffer): string => createHash('sha1').update(`blob ${text.length}\0`).update(text).digest('hex')
/** Copies the first ten bytes of the base, then adds some of its own. */
const delta = Buffer.from([base.length, 14, 0x90, 10, 4, ...Buffer.from('day.')])
const made = Buffer.concat([base.subarray(0, 10), Buffer.from('day.')])

interface Part {
  readonly type: number
  readonly content: Buffer
  /** Before the compressed bytes: where, or what, it is made of. */
  readonly of?: Buffer
  readonly size?: number
}

function toEntry({ type, content, of = Buffer.alloc(0), size = content.length }: Part): Buffer {
  const head = [(type << 4) | (size & 15)]
  for (let left = Math.floor(size / 16); left > 0; left = Math.floor(left / 128)) {
    head.push((head.pop() ?? 0) | 0x80, left & 0x7f)
  }
  return Buffer.concat([Buffer.from(head), of, deflateSync(content)])
}

function toPack(entries: readonly Buffer[], count = entries.length): Buffer {
  const head = Buffer.from('PACK\0\0\0\u0002\0\0\0\0', 'latin1')
  head.writeUInt32BE(count, 8)
  const bytes = Buffer.concat([head, ...entries])
  return Buffer.concat([bytes, createHash('sha1').update(bytes).digest()])
}

describe('a pack', () => {
  test('gives objects by their ids, those made of others too, wherever these stand', async () => {
    const first = toEntry({ type: blob, content: base })
    const byPlace = toEntry({ type: offsetDelta, content: delta, of: Buffer.from([first.length]) })
    expect((await readPack(toPack([first, byPlace]), bounds)).find(idOf(made))?.bytes).toEqual(made)
    const byId = toEntry({ type: idDelta, content: delta, of: Buffer.from(idOf(base), 'hex') })
    const pack = await readPack(toPack([byId, first]), bounds)
    expect(pack.find(idOf(made))).toEqual({ type: 'blob', bytes: made })
    expect(pack.find(idOf(base))?.bytes).toEqual(base)
    expect(pack.find(idOf(Buffer.from('not there')))).toBeUndefined()
    expect(pack.hasOversized).toBe(false)
  })

  test('passes over what is too large, and reads the rest', async () => {
    const large = toEntry({ type: blob, content: Buffer.alloc(20_000, 'x') })
    const pack = await readPack(toPack([large, toEntry({ type: blob, content: base })]), bounds)
    expect(pack.find(idOf(base))?.bytes).toEqual(base)
    expect(pack.find(idOf(Buffer.alloc(20_000, 'x')))).toBeUndefined()
    expect(pack.hasOversized).toBe(true)
  })

  const whole = toPack([toEntry({ type: blob, content: base })])
  test.each<readonly [string, Buffer]>([
    ['is no pack', Buffer.from('<html>Please sign in.</html>')],
    ['is cut off', whole.subarray(0, -1)],
    ['holds fewer objects than it says', toPack([toEntry({ type: blob, content: base })], 2)],
    ['holds more objects than it says', toPack([toEntry({ type: blob, content: base })], 0)],
    ['swells beyond what it says', toPack([toEntry({ type: blob, content: Buffer.alloc(9_000), size: 10 })])],
    ['holds less than it says', toPack([toEntry({ type: commit, content: base, size: 60 })])],
    [
      'is made of something that is not there',
      toPack([toEntry({ type: idDelta, content: delta, of: Buffer.alloc(20) })]),
    ],
    [
      'is made of something before its beginning',
      toPack([toEntry({ type: offsetDelta, content: delta, of: Buffer.from([99]) })]),
    ],
    [
      'copies from beyond its base',
      toPack([
        toEntry({ type: blob, content: base }),
        toEntry({
          type: idDelta,
          content: Buffer.from([base.length, 14, 0x91, 50, 14]),
          of: Buffer.from(idOf(base), 'hex'),
        }),
      ]),
    ],
    [
      'is larger than allowed as a whole',
      toPack(Array.from({ length: 11 }, () => toEntry({ type: blob, content: Buffer.alloc(10_000) }))),
    ],
  ])('that %s is refused', async (_, bytes) => {
    await expect(readPack(bytes, bounds)).rejects.toMatchObject({ code: 'UPSTREAM_INVALID' })
  })

  test('that is damaged anywhere is refused, or gives only what has the id asked for', async () => {
    const first = toEntry({ type: blob, content: base })
    const entries = Buffer.concat([
      first,
      toEntry({ type: offsetDelta, content: delta, of: Buffer.from([first.length]) }),
    ])
    await fc.assert(
      fc.asyncProperty(fc.nat(entries.length - 1), fc.integer({ min: 1, max: 255 }), async (at, change) => {
        const damaged = Buffer.from(entries)
        damaged[at] = (damaged[at] ?? 0) ^ change
        const pack = await readPack(toPack([damaged], 2), bounds).catch((thrown: unknown) => thrown)
        if (pack instanceof Error) expect(pack).toMatchObject({ code: 'UPSTREAM_INVALID' })
        else {
          const found = (pack as Awaited<ReturnType<typeof readPack>>).find(idOf(made))
          if (found?.type === 'blob') expect(found.bytes).toEqual(made)
        }
      }),
      { numRuns: 300, seed: 1 },
    )
  })
})
