import { toPlatformError } from '../../../core/errors.ts'
import { operatorTenant, report, toTable, type Command, type CommandContext } from '../command.ts'

interface Finding {
  readonly what: string
  readonly state: 'ok' | 'warning' | 'fault'
  readonly detail: string
}

export const doctor: Command = {
  name: 'doctor',
  usage: '',
  options: {},
  async run(context) {
    const findings = [await configurationFinding(context), ...(await platformFindings(context))]
    report(
      context.terminal,
      { findings },
      toTable(findings.map((finding) => [finding.state, finding.what, finding.detail])),
    )
    return findings.some((finding) => finding.state === 'fault') ? 'failed' : undefined
  },
}

async function configurationFinding(context: CommandContext): Promise<Finding> {
  try {
    const { path, notices } = await context.process.checkConfig()
    return { what: 'configuration', state: 'ok', detail: [path ?? 'no file: the default', ...notices].join('; ') }
  } catch (thrown) {
    return { what: 'configuration', state: 'fault', detail: toPlatformError(thrown).message }
  }
}

async function platformFindings(context: CommandContext): Promise<readonly Finding[]> {
  try {
    const { parts, folder } = await context.open()
    const principal = {
      tenant: operatorTenant,
      keyId: 'operator',
      role: 'admin',
      models: undefined,
      regions: undefined,
    } as const
    const models = parts.models.list(principal)
    const collections = await parts.knowledge.listCollections(operatorTenant)
    return [
      { what: 'store', state: 'ok', detail: `${parts.health.report.store} in ${folder}` },
      { what: 'models', state: models.length === 0 ? 'fault' : 'ok', detail: `${models.length} models` },
      ...models.flatMap((model): Finding[] => {
        const found: Finding[] = []
        if (model.traits.regions === undefined) {
          found.push({
            what: `model ${model.id}`,
            state: 'warning',
            detail: 'an endpoint does not say where it processes and stores: it will be refused',
          })
        }
        if (model.traits.costMax === undefined) {
          found.push({
            what: `model ${model.id}`,
            state: 'warning',
            detail: 'the worst-case cost is not known: set a price, contextTokens and outputTokensMax',
          })
        }
        return found
      }),
      { what: 'knowledge', state: 'ok', detail: `${collections.length} collections` },
    ]
  } catch (thrown) {
    return [{ what: 'platform', state: 'fault', detail: toPlatformError(thrown).message }]
  }
}
