import type { Config } from '../../config/index.ts'
import type { Call } from '../../core/call.ts'
import type { ChatRequest } from '../../core/chat.ts'
import type { JsonObject } from '../../core/json.ts'
import type { PersonalDataScanner } from '../../core/ports-privacy.ts'
import type { EventLog } from '../../core/ports.ts'
import type { UseCaseRegistry } from './registry.ts'
import { findSignals } from './signal-finder.ts'
import { isUndeclared, personalData, signals, type Signal } from './signals.ts'

/** Looks, beside the requests, whether their words hint at what their use case does not declare. */
export interface SignalWatch {
  /** Returns at once; what it cannot keep up with is passed over and counted. */
  offer(call: Call, request: ChatRequest): void
  /** What was looked at, and what was not: too many at once, or too large. */
  stats(): { readonly looked: number; readonly passedOver: number }
  /** Everything offered before is counted in the registry. */
  flush(): Promise<void>
  close(): Promise<void>
}

export interface WatchDeps {
  readonly registry: Pick<UseCaseRegistry, 'find' | 'notice'>
  readonly scanner: PersonalDataScanner
  readonly log: EventLog
  readonly config: Pick<Config['governance'], 'signals' | 'useCases'>
}

const waitingMax = 64
const flushMs = 2_000
/** Use cases and signals counted before they are written. */
const countedMax = 10_000

interface Offered {
  readonly tenant: string
  readonly name: string
  readonly request: ChatRequest
}

export function createSignalWatch(deps: WatchDeps): SignalWatch {
  const { mode, charactersMax } = deps.config.signals
  const waiting: Offered[] = []
  let counts = new Map<string, { tenant: string; name: string; signal: string; count: number }>()
  let [looked, passedOver] = [0, 0]
  let flushing: Promise<void> = Promise.resolve()
  const undeclaredOf = createUndeclaredMemory()

  function look({ tenant, name, request }: Offered): void {
    const answers = answersOf(deps, tenant, name)
    if (answers === undefined) return
    const { asked, isPersonal } = undeclaredOf(answers)
    if (asked.length === 0 && !isPersonal) return
    const text = lastWords(request, charactersMax)
    looked += 1
    for (const signal of findSignals(text, asked)) add(tenant, name, signal)
    if (isPersonal && deps.scanner.scan(text).length > 0) add(tenant, name, personalData.id)
  }

  function add(tenant: string, name: string, signal: string): void {
    const key = `${tenant}\n${name}\n${signal}`
    const known = counts.get(key)
    if (known !== undefined) known.count += 1
    else if (counts.size < countedMax) counts.set(key, { tenant, name, signal, count: 1 })
  }

  function drain(): void {
    for (const offered of waiting.splice(0)) {
      try {
        look(offered)
      } catch {
        passedOver += 1 // A body that cannot be read as a chat: whoever answers it says so.
      }
    }
  }

  function flush(): Promise<void> {
    drain()
    const hints = [...counts.values()]
    counts = new Map()
    if (hints.length > 0) flushing = flushing.then(() => deps.registry.notice(hints))
    return flushing
  }

  const timer = setInterval(() => {
    flush().catch((thrown: unknown) => {
      flushing = Promise.resolve()
      deps.log.warn({ reason: thrown instanceof Error ? thrown.message : 'unexpected' }, 'hints could not be counted')
    })
  }, flushMs).unref()

  return {
    offer(call, request) {
      const name = call.labels.policy?.useCase
      if (mode === 'off' || name === undefined) return
      if (waiting.length >= waitingMax || request.wire?.skim !== undefined) {
        passedOver += 1
        return
      }
      waiting.push({ tenant: call.principal.tenant, name, request })
      if (waiting.length === 1) setImmediate(drain)
    },
    stats: () => ({ looked, passedOver }),
    flush,
    async close() {
      clearInterval(timer)
      await flush()
    },
  }
}

type Answers = Readonly<Record<string, JsonObject>>

/** What a use case was asked about and did not declare. */
interface Undeclared {
  readonly asked: readonly Signal[]
  readonly isPersonal: boolean
}

/** By the answers themselves, which are the same object until they change. */
function createUndeclaredMemory(): (answers: Answers) => Undeclared {
  const known = new WeakMap<Answers, Undeclared>()
  return (answers) => {
    let undeclared = known.get(answers)
    if (undeclared === undefined) {
      const asked = signals.filter((signal) => isUndeclared(signal, answers))
      undeclared = { asked, isPersonal: isUndeclared(personalData, answers) }
      known.set(answers, undeclared)
    }
    return undeclared
  }
}

function answersOf({ registry, config }: WatchDeps, tenant: string, name: string): Answers | undefined {
  const declared = config.useCases[name]
  // Checked against the packs' questions when the configuration was read.
  return (declared as Answers | undefined) ?? registry.find(tenant, name)?.answers
}

/** The last words of the person, and the instructions they were put under. */
function lastWords({ chat }: ChatRequest, charactersMax: number): string {
  const last = chat.messages.findLast(({ role }) => role === 'user')
  const instructions = chat.messages.filter(({ role }) => role === 'system')
  const texts = [...instructions, ...(last === undefined ? [] : [last])].flatMap(({ parts }) =>
    parts.flatMap((part) => (part.type === 'text' ? [part.text] : [])),
  )
  return texts.join('\n').slice(-charactersMax)
}
