import { expect, test } from 'vitest'
import type { Principal } from '../../../core/call.ts'
import { createTickingClock } from '../../../core/testing.ts'
import { answerForecast } from '../../../investment/index.ts'
import type { Exchange } from '../exchange.ts'
import type { HttpParts } from '../parts.ts'
import type { OperationRoute } from '../route.ts'
import { forecastRoutes } from './forecast.ts'

const principal: Principal = { tenant: 't', keyId: 'k', role: 'member', models: undefined, regions: undefined }

test('a forecast with an amount that is left lets others go on, says the same, and ends when the client has left', async () => {
  // The route asks for nothing else.
  const parts = { clock: createTickingClock() } as unknown as HttpParts
  const [route] = forecastRoutes(() => parts) as readonly OperationRoute[]
  const order: string[] = []
  const ask = (name: string, body: unknown) => {
    let gone = (): void => undefined
    const sent: unknown[] = []
    const exchange = {
      readJson: () => Promise.resolve({ body }),
      onGone: (listener: () => void) => (gone = listener),
      sendJson: (_status: number, answer: unknown) => {
        order.push(name)
        sent.push(answer)
      },
    } as unknown as Exchange // what an operation uses of it
    return { answer: route?.handle(exchange, principal), leave: () => gone(), sent }
  }
  const values = Array.from({ length: 60 }, (_, index) => 20 + ((index * 7) % 5))
  const long = { series: [{ values }], horizon: 12, remaining: 100 }
  const left = ask('left', long)
  const whole = ask('whole', long)
  await ask('other', { series: [{ values }], horizon: 12 }).answer
  left.leave()
  await expect(left.answer).rejects.toMatchObject({ code: 'CANCELLED' })
  await whole.answer
  expect(order).toEqual(['other', 'whole'])
  const asked = { horizon: 12, levels: [0.5, 0.8, 0.95], remaining: 100, seed: 1 }
  expect(whole.sent).toEqual([
    { object: 'forecast', horizon: 12, series: [answerForecast({ name: 'series', values }, asked)] },
  ])
})
