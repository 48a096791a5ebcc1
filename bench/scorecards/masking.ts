import { createChat, type AnswerEvent, type ChatRequest } from '../../src/core/chat.ts'
import { createSeededRandom, type Random } from '../../src/core/random.ts'
import type { Clock } from '../../src/core/time.ts'
import { createPersonalDataScanner, createPrivacy } from '../../src/governance/privacy/index.ts'
import { carry, chineseMakers } from '../../src/governance/privacy/testing.ts'
import { configSchema } from '../../src/config/index.ts'
import { createStore } from '../../src/store/index.ts'
import type { PersonalDataMasker } from '../../src/core/ports-privacy.ts'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Measurement } from '../kit/report.ts'
import type { Scorecard } from '../kit/scorecard.ts'

const texts = 300

/** Whether what is masked comes back byte by byte however the answer is parted, and what that costs. */
export const scorecard: Scorecard = {
  name: 'masking',
  purpose: `${texts} texts with personal data are masked, echoed in every split into two pieces and by single characters, and come back byte by byte`,
  async run({ seed, clock }): Promise<Measurement> {
    const folder = mkdtempSync(join(tmpdir(), 'strata-masking-'))
    const config = configSchema.parse({ store: { folder } })
    const log = { debug: () => undefined, info: () => undefined, warn: () => undefined, error: () => undefined }
    const store = await createStore({ config: config.store, clock, log })
    try {
      const random = createSeededRandom(seed)
      const privacy = createPrivacy({
        asker: { ask: () => Promise.reject(new Error('no model is measured')) },
        store,
        clock,
        random,
        log,
        secret: () => undefined,
      })
      const gate = { decide: () => ({ type: 'pass' }) as const }
      const { masker } = privacy.configure(config.governance, gate)
      const figures = {
        ...(await measureRoundTrips(masker, random, clock)),
        ...(await measureCost(masker, random, clock)),
      }
      const none = ['=', 0] as const
      const promised = { 'text.wrong': none, 'arguments.wrong': none, 'masked.tellsOfSomebody': none }
      return { figures, promised, unmeasured: [] }
    } finally {
      await store.close()
      rmSync(folder, { recursive: true, force: true })
    }
  },
}

function makeText(random: Random): string {
  const pieces = Array.from({ length: 1 + Math.floor(random.next() * 3) }, () => {
    const maker = chineseMakers[Math.floor(random.next() * chineseMakers.length)]
    return maker === undefined ? '' : carry(maker.make(random), random).text
  })
  return `${pieces.join('\n')} "li.na@example.com" \\ PII_ EMAIL`
}

function toRequest(text: string): ChatRequest {
  const chat = createChat({ messages: [{ role: 'user', parts: [{ type: 'text', text }] }] })
  return { model: 'm', stream: true, outputTokensMax: undefined, wire: undefined, chat }
}

function textOf({ chat }: ChatRequest): string {
  const part = chat.messages[0]?.parts[0]
  return part?.type === 'text' ? part.text : ''
}

async function* toEvents(events: readonly AnswerEvent[]): AsyncGenerator<AnswerEvent> {
  yield* events
}

async function measureRoundTrips(
  masker: PersonalDataMasker,
  random: Random,
  clock: Clock,
): Promise<Record<string, number>> {
  const scanner = createPersonalDataScanner({ clock })
  const counts = {
    'text.splits': 0,
    'text.wrong': 0,
    'arguments.splits': 0,
    'arguments.wrong': 0,
    'masked.tellsOfSomebody': 0,
  }
  for (let round = 0; round < texts; round++) {
    const original = makeText(random)
    const { request, restore } = await masker.maskChat(toRequest(original), 'tenant')
    const masked = textOf(request)
    const checked = chineseMakers.filter(({ spoil }) => spoil !== undefined).map(({ type }) => type)
    // The code of an organisation is no person's and stays.
    const types = [...checked.filter((type) => type !== 'cn-uscc'), 'email', 'cn-mobile']
    if (scanner.scan(masked, { types }).length > 0) counts['masked.tellsOfSomebody']++
    for (const pieces of splitsOf(masked)) {
      const events = pieces.map((text): AnswerEvent => ({ type: 'text-delta', text }))
      let restored = ''
      for await (const event of restore(toEvents(events))) if (event.type === 'text-delta') restored += event.text
      counts['text.splits']++
      if (restored !== original) counts['text.wrong']++
    }
    for (const pieces of splitsOf(JSON.stringify({ body: masked }))) {
      const deltas = pieces.map((text): AnswerEvent => ({ type: 'tool-call-delta', index: 0, arguments: text }))
      const start: AnswerEvent = { type: 'tool-call-start', index: 0, id: 'c', name: 'n' }
      let restored = ''
      for await (const event of restore(toEvents([start, ...deltas, { type: 'tool-call-end', index: 0 }]))) {
        if (event.type === 'tool-call-delta') restored += event.arguments
      }
      counts['arguments.splits']++
      if (restored !== JSON.stringify({ body: original })) counts['arguments.wrong']++
    }
  }
  return counts
}

/** Every split into two pieces, and one into single code units. */
function* splitsOf(text: string): Generator<readonly string[]> {
  for (let at = 0; at <= text.length; at++) yield [text.slice(0, at), text.slice(at)]
  yield text.split('')
}

/** Microseconds for a request of one page, and for a delta of an answer. */
async function measureCost(masker: PersonalDataMasker, random: Random, clock: Clock): Promise<Record<string, number>> {
  const page = Array.from({ length: 10 }, () => makeText(random)).join('\n')
  const request = toRequest(page)
  const rounds = 300
  let startedMs = clock.monotonicMs()
  let masked = await masker.maskChat(request, 'tenant')
  for (let round = 1; round < rounds; round++) masked = await masker.maskChat(request, 'tenant')
  const maskMs = clock.monotonicMs() - startedMs
  const delta: AnswerEvent = { type: 'text-delta', text: 'eight or nine ' }
  const events = Array.from({ length: 20_000 }, () => delta)
  startedMs = clock.monotonicMs()
  for await (const event of masked.restore(toEvents(events))) void event
  const restoreMs = clock.monotonicMs() - startedMs
  return {
    'mask.pageCharacters': page.length,
    'mask.microsecondsPerRequest': (maskMs * 1_000) / rounds,
    'restore.microsecondsPerDelta': (restoreMs * 1_000) / events.length,
  }
}
