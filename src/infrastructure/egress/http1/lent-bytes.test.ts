import { Buffer } from 'node:buffer'
import { once } from 'node:events'
import { connect, createServer, type Socket } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { LentBytes } from '../../../core/lent-bytes.ts'
import { listenOnLoopback } from '../../../core/testing.ts'
import { writePiece } from './index.ts'

const opened: { destroy(): void }[] = []
afterEach(() => {
  for (const socket of opened.splice(0)) socket.destroy()
})

/** A connection whose other side reads nothing until it is told to. */
async function openPair(): Promise<{ readonly near: Socket; readonly far: Socket }> {
  const server = createServer({ pauseOnConnect: true })
  const near = connect(await listenOnLoopback(server), '127.0.0.1')
  const [far] = (await once(server, 'connection')) as [Socket]
  server.close()
  opened.push(near, far)
  near.on('error', () => {})
  far.on('error', () => {})
  return { near, far }
}

/** More than the system takes at once from a connection nobody reads. */
const pieceBytes = 4_000_000

function lend(): { readonly lent: LentBytes; readonly chunks: readonly Buffer[] } {
  const chunks = [1, 2, 3, 4].map((fill) => Buffer.from(new ArrayBuffer(pieceBytes)).fill(fill))
  return { lent: new LentBytes(chunks, 4 * pieceBytes), chunks }
}

/** Memory given back too early is given to these. */
function useMemory(): readonly Buffer[] {
  return Array.from({ length: 8 }, () => Buffer.from(new ArrayBuffer(pieceBytes)).fill(255))
}

const isGone = (chunk: Buffer): boolean => chunk.buffer.byteLength === 0

describe('lent bytes that are being written', () => {
  it('arrive as they were, however early they are let go', async () => {
    const { near, far } = await openPair()
    const { lent, chunks } = lend()
    near.cork()
    for (const chunk of chunks) writePiece(near, chunk)
    near.uncork()
    lent.letGo()
    expect(chunks.some(isGone)).toBe(false)
    const others = useMemory()
    near.end()
    const counts = new Map<number, number>()
    far.on('data', (bytes: Buffer) => {
      for (const byte of bytes) counts.set(byte, (counts.get(byte) ?? 0) + 1)
    })
    far.resume()
    await once(far, 'end')
    expect(counts).toEqual(new Map([1, 2, 3, 4].map((fill) => [fill, pieceBytes])))
    expect(chunks.every(isGone)).toBe(true)
    expect(others.every((other) => other.every((byte) => byte === 255))).toBe(true)
  })

  it('are given back when the connection breaks, and not before', async () => {
    const { near } = await openPair()
    const { lent, chunks } = lend()
    for (const chunk of chunks) writePiece(near, chunk.subarray(1))
    lent.letGo()
    near.destroy()
    expect(chunks.some(isGone)).toBe(false)
    await once(near, 'close')
    await new Promise(setImmediate)
    expect(chunks.every(isGone)).toBe(true)
  })
})
