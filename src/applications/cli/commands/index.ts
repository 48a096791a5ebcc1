import type { Command } from '../command.ts'
import { ask } from './ask.ts'
import { audit } from './audit.ts'
import { backup } from './backup.ts'
import { budgets } from './budgets.ts'
import { calls } from './calls.ts'
import { config } from './config.ts'
import { copyright } from './copyright.ts'
import { doctor } from './doctor.ts'
import { duplicates } from './duplicates.ts'
import { experiment } from './experiment.ts'
import { forecast } from './forecast.ts'
import { evaluate } from './eval.ts'
import { incidents } from './incidents.ts'
import { ingest } from './ingest.ts'
import { keys } from './keys.ts'
import { knowledge } from './knowledge.ts'
import { models } from './models.ts'
import { privacy } from './privacy.ts'
import { retention } from './retention.ts'
import { route } from './route.ts'
import { policy } from './policy.ts'
import { parse } from './parse.ts'
import { invoice } from './invoice.ts'
import { outcomes } from './outcomes.ts'
import { plans } from './plans.ts'
import { price } from './price.ts'
import { prices } from './prices.ts'
import { reconcile } from './reconcile.ts'
import { reviews } from './reviews.ts'
import { runtime } from './runtime.ts'
import { search } from './search.ts'
import { sources } from './sources.ts'
import { start } from './start.ts'
import { usage } from './usage.ts'
import { useCase } from './use-case.ts'
import { whatIf } from './what-if.ts'

/** Every verb of the command line. */
export const commands: readonly Command[] = Object.freeze([
  start,
  ask,
  models,
  keys,
  ingest,
  parse,
  search,
  sources,
  knowledge,
  privacy,
  duplicates,
  copyright,
  calls,
  experiment,
  forecast,
  whatIf,
  policy,
  useCase,
  reviews,
  incidents,
  retention,
  audit,
  price,
  budgets,
  prices,
  usage,
  plans,
  invoice,
  reconcile,
  outcomes,
  config,
  route,
  evaluate,
  runtime,
  backup,
  doctor,
])
