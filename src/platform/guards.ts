import type { Config } from '../config/index.ts'
import { findLanguage, toPrimary } from '../core/language.ts'
import type { Model } from '../core/model.ts'
import { createGuards, type Guards } from '../governance/index.ts'
import type { Standing } from './standing.ts'

/** The guards of one configuration; their judges are its models, with no guards around them. */
export function createConfiguredGuards(
  { clock, telemetry }: Standing,
  config: Config,
  findModel: (name: string) => Model | undefined,
): Guards {
  const find = (text: string): string | undefined => toPrimary(findLanguage(text))
  const observe: Standing['telemetry']['observeGuard'] = (verdict) => telemetry.observeGuard(verdict)
  return createGuards({ config: config.governance.guards, clock, observe, findModel, findLanguage: find })
}
