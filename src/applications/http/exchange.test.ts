import { createServer } from 'node:http'
import { expect, onTestFinished, test } from 'vitest'
import { listenOnLoopback } from '../../core/testing.ts'
import { TurnEnd } from '../../core/turn.ts'
import { createExchange, type Exchange } from './exchange.ts'

/** What a client gets of what `answer` does with its exchange. */
async function ask(answer: (exchange: Exchange) => void): Promise<Response> {
  const turn = new TurnEnd()
  const server = createServer((message, response) =>
    answer(createExchange({ message, response, path: '/', bodyBytesMax: 1_000, startedMonotonicMs: 0, turn }, {})),
  )
  onTestFinished(() => void server.close())
  return fetch(`http://127.0.0.1:${await listenOnLoopback(server)}/`)
}

test('what was ended is sent, though the connection is cut in the same turn', async () => {
  const response = await ask((exchange) => {
    exchange.begin(200, ['content-length', '2'])
    exchange.end('ok')
    exchange.destroy()
  })
  expect(await response.text()).toBe('ok')
})

test('what was written of a stream is sent before the connection is cut', async () => {
  const response = await ask((exchange) => {
    exchange.begin(200, ['content-type', 'text/plain'])
    void exchange.write('begun')
    exchange.destroy()
  })
  expect(response.status).toBe(200)
  const chunk = await response.body?.getReader().read()
  expect(new TextDecoder().decode(chunk?.value)).toBe('begun')
})

test('pieces of a stream come in their order, and its end behind them', async () => {
  const response = await ask((exchange) => {
    exchange.begin(200, ['content-type', 'text/plain'])
    for (let piece = 0; piece < 40; piece++) void exchange.write(`${piece} `)
    exchange.end('end')
  })
  expect(await response.text()).toBe(`${Array.from({ length: 40 }, (_, piece) => `${piece} `).join('')}end`)
})
