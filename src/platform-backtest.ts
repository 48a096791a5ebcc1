import type { Config } from './config/index.ts'
import { isJsonObject } from './core/json.ts'
import {
  backtestPack,
  createEngine,
  loadPack,
  toGiven,
  type Backtest,
  type PolicyEngine,
  type PolicyGuard,
} from './governance/index.ts'
import type { Standing } from './platform-standing.ts'
import type { CallSpan } from './store/index.ts'

/**
 * Decides on the recorded calls of a tenant under another pack: by its id, or the pack itself. Rejects with NOT_FOUND for an id
 * that is neither in force nor built in.
 */
export type RunBacktest = (pack: string | PolicyEngine, span: CallSpan) => Promise<Backtest>

export function createBacktest(
  { store, identity, governance }: Pick<Standing, 'store' | 'identity' | 'governance'>,
  config: Config['governance'],
  policies: PolicyGuard,
): RunBacktest {
  const findEngine = (id: string): PolicyEngine =>
    policies.policies.find(({ engine }) => engine.pack.id === id)?.engine ?? createEngine(loadPack(id))
  return async (pack, span) => {
    const engine = typeof pack === 'string' ? findEngine(pack) : pack
    const keys = new Map((await identity.keys.list(span.tenant)).map((key) => [key.id, key.useCase]))
    const { id } = engine.pack
    return backtestPack(rootsOf(store.calls.scan(span)), {
      engine,
      useCaseOf: ({ keyId }) => keys.get(keyId) ?? config.defaultUseCase,
      answersOf(useCase) {
        const declared = Object.hasOwn(config.useCases, useCase) ? config.useCases[useCase] : undefined
        const given: unknown = declared?.[id] ?? {}
        if (declared !== undefined) return isJsonObject(given) ? given : {}
        const registered = governance.useCases.find(span.tenant, useCase)
        return registered === undefined ? undefined : toGiven(registered, engine.pack)
      },
    })
  }
}

async function* rootsOf(trees: ReturnType<Standing['store']['calls']['scan']>) {
  for await (const { root } of trees) yield root
}
