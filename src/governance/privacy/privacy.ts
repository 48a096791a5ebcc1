import type { Config, EndpointConfig } from '../../config/index.ts'
import type { EventLog, RegionGate } from '../../core/ports.ts'
import type {
  NameRecogniser,
  PersonalDataMasker,
  PersonalDataScanner,
  RecogniserAsk,
  ScanOptions,
} from '../../core/ports-privacy.ts'
import type { Random } from '../../core/random.ts'
import type { Clock } from '../../core/time.ts'
import type { Store } from '../../store/index.ts'
import { createMasker } from './masking/masker.ts'
import { checkNames, createNameRecogniser, type NamesConfig } from './names/index.ts'
import { personalDataTypes } from './recognisers/index.ts'
import { createPersonalDataScanner } from './scanner.ts'
import { createVault, type PersonalDataVault } from './vault/index.ts'

/** Personal data: finding it, hiding it from who may not see it, keeping what was taken out. Outlives configurations. */
export interface Privacy {
  readonly scanner: PersonalDataScanner
  readonly vault: PersonalDataVault
  /** What a configuration says of it. */
  configure(config: Config['governance'], gate: RegionGate): ConfiguredPrivacy
}

export interface ConfiguredPrivacy {
  readonly masker: PersonalDataMasker
  /** What is masked. */
  readonly scan: ScanOptions
  /** Finds names and addresses, where a model for that is configured. */
  readonly names: NameRecogniser | undefined
  /** What personal data an endpoint may see. */
  decide(endpoint: EndpointConfig): 'allow' | 'mask' | 'refuse'
}

export interface PrivacyDeps {
  readonly store: Pick<Store, 'sql' | 'transaction'>
  readonly clock: Clock
  readonly random: Random
  readonly log: EventLog
  /** `governance.privacy.key` of the configuration in force. */
  readonly secret: () => string | undefined
  readonly asker: RecogniserAsk
}

export function createPrivacy(deps: PrivacyDeps): Privacy {
  const scanner = createPersonalDataScanner(deps)
  const vault = createVault(deps)
  // One for each configuration, so that what it remembers is remembered once.
  const recognisers = new WeakMap<NamesConfig, NameRecogniser>()
  const openNames = (config: NamesConfig | undefined): NameRecogniser | undefined => {
    if (config === undefined) return undefined
    const known = recognisers.get(config)
    const names = known ?? createNameRecogniser({ ...deps, config })
    if (known === undefined) recognisers.set(config, names)
    return names
  }
  return {
    scanner,
    vault,
    configure({ privacy }, gate) {
      const scan: ScanOptions = {
        types: privacy.types ?? personalDataTypes.filter((type) => !describing.has(type)),
        confidenceMin: privacy.confidenceMin,
      }
      const names = openNames(privacy.names)
      return {
        scan,
        names,
        masker: createMasker({ scanner, vault, scan, names }),
        decide({ personalData, processing, storage }) {
          if (personalData !== undefined) return personalData
          if (privacy.seenIn === undefined) return 'allow'
          return gate.decide({ processing, storage }, privacy.seenIn).type === 'pass' ? 'allow' : 'mask'
        },
      }
    },
  }
}

/** Types that name no person by themselves; a model that loses them answers worse. */
const describing = new Set(['url', 'domain', 'age', 'postal-code', 'cn-uscc'])

/** What the schema cannot see of a configuration: types that there are not, a recogniser that may not see what it is given. Empty when all is well. */
export function checkPrivacy(
  config: Pick<Config, 'governance' | 'endpoints' | 'models'>,
  gate: RegionGate,
): readonly { readonly path: string; readonly message: string }[] {
  const strangers = (config.governance.privacy.types ?? []).flatMap((type, index) =>
    personalDataTypes.includes(type)
      ? []
      : [
          {
            path: `governance.privacy.types[${index}]`,
            message: `"${type}" is no type of personal data; there are: ${personalDataTypes.join(', ')}`,
          },
        ],
  )
  return [...strangers, ...checkNames(config, gate)]
}
