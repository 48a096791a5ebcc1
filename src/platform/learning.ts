import type { LoadedConfig } from '../config/index.ts'
import { toPlatformError } from '../core/errors.ts'
import { operatorTenant } from '../core/principals.ts'
import { createScaleStore, createTokenScales } from '../infrastructure/index.ts'
import { createAdmission, type createRegionGate } from '../governance/index.ts'
import {
  createLearning,
  createRouterCatalogue,
  createShadows,
  type Learning,
  type RouterCatalogue,
  type Shadows,
} from '../models/index.ts'
import type { Standing } from './standing.ts'
import type { InWork } from './work.ts'
import { createEvaluations, readJudgement, toJudgePrompt } from '../tools/index.ts'

/** A router that cannot be read any more is left out and named in the log: the rest must start without it. */
export async function createLearningParts(
  deps: Parameters<typeof createLearning>[0] & Parameters<typeof createEvaluations>[0],
): Promise<Pick<Standing, 'learning' | 'evaluations' | 'scales'> & { close(): Promise<void> }> {
  const learning = createLearning(deps)
  await learning.routers.refresh(operatorTenant).catch((thrown: unknown) => {
    deps.log.error({ reason: toPlatformError(thrown).message }, 'kept routers cannot be read')
  })
  const scales = await createTokenScales({ ...deps, store: createScaleStore(deps.store) })
  const stop = learning.routers.watch(operatorTenant)
  return {
    learning,
    evaluations: createEvaluations(deps),
    scales,
    async close() {
      stop()
      await scales.close()
    },
  }
}

/** The routers that models may name: those of the configuration, else those that are kept. */
export function createRouters(learning: Learning, { config, folder }: LoadedConfig): RouterCatalogue {
  const kept = learning.routers.catalogue(operatorTenant)
  return createRouterCatalogue({ config: config.routers, folder, kept })
}

/** Shadow traffic: what two models say to the same prompts, judged by a third, kept as feedback of the tenant. */
export function createShadowKind(
  { clock, ids, random, telemetry, store, learning }: Standing,
  options: {
    readonly config: LoadedConfig['config']
    readonly inWork: InWork
    readonly gate: ReturnType<typeof createRegionGate>
  },
): Shadows {
  const admission = createAdmission(options.config.governance, options.gate)
  return createShadows({
    clock,
    ids,
    random,
    log: telemetry.log,
    recorder: store.recorder,
    narrowRegions: (outer, inner) => admission.narrow(outer, inner),
    judging: { toPrompt: toJudgePrompt, readScore: readJudgement },
    async take({ tenant, keyId, router, ...judged }) {
      const key = router === undefined ? undefined : { tenant: operatorTenant, name: router }
      await learning.feedback.shadow({ tenant, keyId }, { ...judged, router: key })
    },
    work: options.inWork,
    durationMsMax: options.config.server.requestMsMax,
  })
}
