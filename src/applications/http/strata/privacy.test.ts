import { expect, test } from 'vitest'
import type { Principal } from '../../../core/call.ts'
import { createTickingClock } from '../../../core/testing.ts'
import { createPersonalDataScanner } from '../../../governance/privacy/index.ts'
import type { Exchange } from '../exchange.ts'
import type { HttpParts } from '../parts.ts'
import type { OperationRoute } from '../route.ts'
import { privacyRoutes } from './privacy.ts'

const principal: Principal = { tenant: 't', keyId: 'k', role: 'member', models: undefined, regions: undefined }

test('a scan ends when the client has left, and others go on', async () => {
  const scanner = createPersonalDataScanner({ clock: createTickingClock() })
  // The route asks for nothing else.
  const parts = { privacy: { scanner } } as unknown as HttpParts
  const [route] = privacyRoutes(() => parts) as readonly OperationRoute[]
  const ask = (text: string): { readonly answer: Promise<void> | undefined; leave: () => void; sent: unknown[] } => {
    let gone = (): void => undefined
    const sent: unknown[] = []
    const exchange = {
      readJson: () => Promise.resolve({ body: { text } }),
      onGone: (listener: () => void) => (gone = listener),
      sendJson: (_status: number, body: unknown) => sent.push(body),
    } as unknown as Exchange // what an operation uses of it
    return { answer: route?.handle(exchange, principal), leave: () => gone(), sent }
  }
  const left = ask('4111 '.repeat(10_000))
  const other = ask('4111 '.repeat(100))
  await other.answer
  expect(other.sent).toEqual([{ object: 'list', data: [] }])
  expect(left.sent).toEqual([])
  left.leave()
  await expect(left.answer).rejects.toMatchObject({ code: 'CANCELLED' })
  expect(left.sent).toEqual([])
})
