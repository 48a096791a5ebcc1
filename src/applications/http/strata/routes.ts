import type { JsonObject } from '../../../core/json.ts'
import type { GetParts } from '../parts.ts'
import type { Route } from '../route.ts'
import { budgetRoutes } from './budgets.ts'
import { auditRoutes } from './audit.ts'
import { markRoutes } from './marks.ts'
import { planRoutes } from './billing.ts'
import { callRoutes } from './calls.ts'
import { copyrightRoutes } from './copyright.ts'
import { collectionRoutes } from './collections.ts'
import { documentationRoutes } from './documentation.ts'
import { edgeRoutes } from './edge.ts'
import { evidenceRoutes } from './evidence.ts'
import { forecastRoutes } from './forecast.ts'
import { evaluationRoutes } from './evaluations.ts'
import { experimentRoutes } from './experiments.ts'
import { feedbackRoutes } from './feedback.ts'
import { healthRoutes } from './health.ts'
import { holdRoutes } from './holds.ts'
import { incidentRoutes } from './incidents.ts'
import { invoiceRoutes } from './invoices.ts'
import { keyRoutes } from './keys.ts'
import { policyRoutes } from './policies.ts'
import { outcomeRoutes } from './outcomes.ts'
import { priceRoutes } from './prices.ts'
import { pricingRoutes } from './pricing.ts'
import { privacyRoutes } from './privacy.ts'
import { reviewRoutes } from './reviews.ts'
import { routerRoutes } from './routers.ts'
import { useCaseRoutes } from './use-cases.ts'
import { usageRoutes } from './usage.ts'
import { whatIfRoutes } from './what-if.ts'
import { contextRoutes } from './contexts.ts'
import { generationRoutes } from './generations.ts'
import { searchRoutes } from './search.ts'
import { sourceRoutes } from './sources.ts'
import { signOnRoutes } from './sign-on.ts'

/** Strata's own face: knowledge, calls, keys, budgets, health. */
export function strataRoutes(getParts: GetParts, describe: () => JsonObject): readonly Route[] {
  return [
    ...collectionRoutes(getParts),
    ...searchRoutes(getParts),
    ...sourceRoutes(getParts),
    ...generationRoutes(getParts),
    ...contextRoutes(getParts),
    ...evidenceRoutes(getParts),
    ...callRoutes(getParts),
    ...forecastRoutes(getParts),
    ...whatIfRoutes(getParts),
    ...keyRoutes(getParts),
    ...signOnRoutes(getParts),
    ...policyRoutes(getParts),
    ...useCaseRoutes(getParts),
    ...documentationRoutes(getParts),
    ...reviewRoutes(getParts),
    ...markRoutes(getParts),
    ...incidentRoutes(getParts),
    ...holdRoutes(getParts),
    ...auditRoutes(getParts),
    ...pricingRoutes(getParts),
    ...budgetRoutes(getParts),
    ...privacyRoutes(getParts),
    ...routerRoutes(getParts),
    ...feedbackRoutes(getParts),
    ...edgeRoutes(getParts),
    ...experimentRoutes(getParts),
    ...evaluationRoutes(getParts),
    ...priceRoutes(getParts),
    ...usageRoutes(getParts),
    ...planRoutes(getParts),
    ...invoiceRoutes(getParts),
    ...outcomeRoutes(getParts),
    ...copyrightRoutes(getParts),
    ...healthRoutes(getParts, describe),
  ]
}
