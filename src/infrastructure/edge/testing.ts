/** What the tests of local models share: passages, requests and attempts in which only the interesting parts are named. */
import { configSchema } from '../../config/index.ts'
import { assert } from '../../core/assert.ts'
import { createRootCall } from '../../core/call.ts'
import { createChat, type Chat, type ChatRequest, type Message } from '../../core/chat.ts'
import { createIds } from '../../core/ids.ts'
import type { Passage } from '../../core/ports.ts'
import { createSeededRandom } from '../../core/random.ts'
import type { Clock } from '../../core/time.ts'
import type { Timeouts } from '../egress/index.ts'
import type { Attempt } from '../endpoints/index.ts'

/** A passage of which only the text matters. */
export function createPassage(text: string, known: Partial<Passage> = {}): Passage {
  const start = known.start ?? 0
  return {
    collection: 'handbook',
    document: 'doc_1',
    source: 'handbook.md',
    version: 'v1',
    headings: [],
    score: 1,
    ...known,
    start,
    end: start + text.length,
    text,
  }
}

export function createTextMessage(role: Message['role'], text: string): Message {
  return { role, parts: [{ type: 'text', text }] }
}

/** A streamed request with one user message, where `chat` does not say otherwise. */
export function createChatRequest(question: string, chat: Partial<Chat> = {}): ChatRequest {
  return {
    model: 'local',
    stream: true,
    outputTokensMax: chat.outputTokensMax,
    wire: undefined,
    chat: createChat({ messages: [createTextMessage('user', question)], ...chat }),
  }
}

export interface AttemptOptions {
  readonly clock: Clock
  /** The endpoint as it would be configured. */
  readonly endpoint: {
    readonly dialect: 'extract' | 'llama' | 'onnx'
    readonly model: string
    readonly [key: string]: unknown
  }
  readonly tenant?: string
  readonly timeouts?: Partial<Timeouts>
  readonly durationMsMax?: number
}

/** One try at the endpoint `local`, under a call of its own. */
export function createAttempt(options: AttemptOptions): Attempt {
  const { clock, endpoint, tenant = 'tenant_1', durationMsMax = 60_000 } = options
  const ids = createIds({ clock, random: createSeededRandom(1) })
  const principal = { tenant, keyId: 'key_1', role: 'member', models: undefined, regions: undefined } as const
  const labels = { allowedRegions: ['local'] }
  const { endpoints } = configSchema.parse({
    endpoints: { local: { processing: ['local'], storage: [], ...endpoint } },
  })
  const config = endpoints['local']
  assert(config !== undefined, 'the schema keeps the endpoint it is given')
  return {
    endpoint: { id: 'local', config },
    permit: {
      call: createRootCall({ clock, ids }, { name: 'local', principal, labels, durationMsMax }),
      price: undefined,
      target: {
        id: 'local',
        url: undefined,
        credentials: {},
        vendor: undefined,
        vendorModel: config.model,
        timeouts: { connectMs: 60_000, firstByteMs: 60_000, idleMs: 60_000, totalMs: 60_000, ...options.timeouts },
        processing: config.processing,
        storage: config.storage,
      },
    },
  }
}
