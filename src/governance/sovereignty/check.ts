import type { Config } from '../../config/index.ts'
import { createLattice, type RegionFault } from './lattice.ts'

/**
 * Every region a configuration names that is not one, with the path of its key; regions of the operator that cannot be
 * placed too. Empty when all is well. For the loader: a fault refuses the configuration.
 */
export function checkRegions(config: Pick<Config, 'governance' | 'endpoints' | 'telemetry'>): readonly RegionFault[] {
  const { lattice, faults } = createLattice(config.governance.regions)
  const found = [...faults]

  const check = (path: string, regions: readonly string[] | undefined): void => {
    for (const [index, region] of (regions ?? []).entries()) {
      // A region of the operator that could not be placed has its own fault already.
      if (lattice.findOuter(region) !== undefined || Object.hasOwn(config.governance.regions, region)) continue
      found.push({
        path: `${path}[${index}]`,
        message: `"${region}" is no region; use a country code, a built-in region, or define it under governance.regions`,
      })
    }
  }

  check('governance.allowedRegions', config.governance.allowedRegions)
  check('governance.privacy.seenIn', config.governance.privacy.seenIn)
  for (const [id, endpoint] of Object.entries(config.endpoints)) {
    check(`endpoints.${id}.processing`, endpoint.processing)
    check(`endpoints.${id}.storage`, endpoint.storage)
  }
  check('telemetry.traces.processing', config.telemetry.traces?.processing)
  check('telemetry.traces.storage', config.telemetry.traces?.storage)
  return found
}
