import type { Config, EndpointConfig } from '../../config/index.ts'
import type { EventLog, RegionGate } from '../../core/ports.ts'
import type { PersonalDataMasker, PersonalDataScanner, ScanOptions } from '../../core/ports-privacy.ts'
import type { Random } from '../../core/random.ts'
import type { Clock } from '../../core/time.ts'
import type { Store } from '../../store/index.ts'
import { createMasker } from './masking/masker.ts'
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
}

export function createPrivacy(deps: PrivacyDeps): Privacy {
  const scanner = createPersonalDataScanner(deps)
  const vault = createVault(deps)
  return {
    scanner,
    vault,
    configure({ privacy }, gate) {
      const scan: ScanOptions = {
        types: privacy.types ?? personalDataTypes.filter((type) => !describing.has(type)),
        confidenceMin: privacy.confidenceMin,
      }
      return {
        scan,
        masker: createMasker({ scanner, vault, scan }),
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

/** The types of a configuration that there are not, each with the path of its key. Empty when all is well. */
export function checkPrivacy({
  governance,
}: Pick<Config, 'governance'>): readonly { readonly path: string; readonly message: string }[] {
  return (governance.privacy.types ?? []).flatMap((type, index) =>
    personalDataTypes.includes(type)
      ? []
      : [
          {
            path: `governance.privacy.types[${index}]`,
            message: `"${type}" is no type of personal data; there are: ${personalDataTypes.join(', ')}`,
          },
        ],
  )
}
