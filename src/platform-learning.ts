import type { LoadedConfig } from './config/index.ts'
import { toPlatformError } from './core/errors.ts'
import { createLearning, createRouterCatalogue, type Learning, type RouterCatalogue } from './models/index.ts'
import type { Standing } from './platform-standing.ts'
import { createEvaluations } from './tools/index.ts'

/** The tenant whose routers the configured models use. */
const operatorTenant = 'default'

/** A router that cannot be read any more is left out and named in the log: the rest must start without it. */
export async function createLearningParts(
  deps: Parameters<typeof createLearning>[0] & Parameters<typeof createEvaluations>[0],
): Promise<Pick<Standing, 'learning' | 'evaluations'>> {
  const learning = createLearning(deps)
  await learning.routers.refresh(operatorTenant).catch((thrown: unknown) => {
    deps.log.error({ reason: toPlatformError(thrown).message }, 'kept routers cannot be read')
  })
  return { learning, evaluations: createEvaluations(deps) }
}

/** The routers that models may name: those of the configuration, else those that are kept. */
export function createRouters(learning: Learning, { config, folder }: LoadedConfig): RouterCatalogue {
  const kept = learning.routers.catalogue(operatorTenant)
  return createRouterCatalogue({ config: config.routers, folder, kept })
}
