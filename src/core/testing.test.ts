import { createServer, type Server } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { createSeededRandom } from './random.ts'
import { findFreePort, listenOnLoopback, pick } from './testing.ts'

function create(): Server {
  const server = createServer()
  onTestFinished(() => void server.close())
  return server
}

test('a server listens on loopback, on a port of its own or on the one that is named', async () => {
  const first = create()
  const port = await listenOnLoopback(first)
  expect(first.address()).toMatchObject({ address: '127.0.0.1', port })
  const free = await findFreePort()
  expect(free).not.toBe(port)
  expect(await listenOnLoopback(create(), free)).toBe(free)
})

test('a server that is given a port somebody listens on does not start', async () => {
  const port = await listenOnLoopback(create())
  await expect(listenOnLoopback(create(), port)).rejects.toMatchObject({ code: 'EADDRINUSE' })
})

test('each of a list is picked about as often, also what is undefined, and of none there is nothing to pick', () => {
  const random = createSeededRandom(1)
  const list = ['a', undefined, 'c']
  const picked = Array.from({ length: 3_000 }, () => pick(random, list))
  for (const each of list) expect(picked.filter((one) => one === each).length).toBeGreaterThan(900)
  expect(() => pick(random, [])).toThrow('nothing to pick from')
})
