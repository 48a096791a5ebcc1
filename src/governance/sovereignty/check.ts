import type { Config } from '../../config/index.ts'
import type { PlaceSovereignty } from '../../core/ports-sovereignty.ts'
import { createLattice, type RegionFault } from './lattice.ts'

/**
 * Every region a configuration names that is not one, with the path of its key; regions of the operator that cannot be
 * placed too. Empty when all is well. For the loader: a fault refuses the configuration.
 */
export function checkRegions(
  config: Pick<Config, 'governance' | 'endpoints' | 'telemetry' | 'investment' | 'edge' | 'sources'>,
): readonly RegionFault[] {
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

  const checkSovereignty = (path: string, said: PlaceSovereignty | undefined): void => {
    if (said === undefined || said === 'own') return
    check(`${path}.abuseLog.regions`, said.abuseLog?.regions)
    check(`${path}.operator`, said.operator)
    check(`${path}.parents`, said.parents)
    for (const [index, { jurisdictions, processing }] of (said.subprocessors ?? []).entries()) {
      check(`${path}.subprocessors[${index}].jurisdictions`, jurisdictions)
      check(`${path}.subprocessors[${index}].processing`, processing)
    }
  }

  check('governance.allowedRegions', config.governance.allowedRegions)
  check('governance.privacy.seenIn', config.governance.privacy.seenIn)
  for (const [id, endpoint] of Object.entries(config.endpoints)) {
    check(`endpoints.${id}.processing`, endpoint.processing)
    check(`endpoints.${id}.storage`, endpoint.storage)
    checkSovereignty(`endpoints.${id}.sovereignty`, endpoint.sovereignty)
  }
  const { webhook, meterSinks } = config.investment
  checkSovereignty('investment.webhook.sovereignty', webhook?.sovereignty)
  for (const [name, sink] of Object.entries(meterSinks))
    checkSovereignty(`investment.meterSinks.${name}.sovereignty`, sink.sovereignty)
  checkSovereignty('telemetry.traces.sovereignty', config.telemetry.traces?.sovereignty)
  const { signOn } = config.governance
  check('governance.signOn.processing', signOn?.processing)
  check('governance.signOn.storage', signOn?.storage)
  checkSovereignty('governance.signOn.sovereignty', signOn?.sovereignty)
  for (const [index, role] of (signOn?.roles ?? []).entries())
    check(`governance.signOn.roles[${index}].regions`, role.regions)
  check('governance.sovereignty.home', config.governance.sovereignty?.home)
  check('governance.sovereignty.allowedJurisdictions', config.governance.sovereignty?.allowedJurisdictions)
  check('telemetry.traces.processing', config.telemetry.traces?.processing)
  check('telemetry.traces.storage', config.telemetry.traces?.storage)
  check('edge.centre.processing', config.edge.centre?.processing)
  check('edge.centre.storage', config.edge.centre?.storage)
  checkSovereignty('edge.centre.sovereignty', config.edge.centre?.sovereignty)
  for (const [node, { regions }] of Object.entries(config.edge.nodes)) check(`edge.nodes.${node}.regions`, regions)
  for (const [name, { region }] of Object.entries(config.sources))
    if (region !== undefined) check(`sources.${name}.region`, [region])
  return found
}
