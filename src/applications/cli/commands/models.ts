import { toDollars } from '../../../core/money.ts'
import { toTraits } from '../../http/index.ts'
import { operatorTenant, report, toTable, type Command } from '../command.ts'

export const models: Command = {
  name: 'models',
  usage: '',
  summary: 'Lists the models with their worst case: regions, calls and cost of one request.',
  options: {},
  async run(context) {
    const { parts } = await context.open()
    const listed = parts.models.list({
      tenant: operatorTenant,
      keyId: 'operator',
      role: 'admin',
      models: undefined,
      regions: undefined,
    })
    const rows = listed.map((model) => {
      const { traits } = model
      return [
        model.id,
        traits.does.join('+'),
        traits.regions?.join(' ') ?? 'unknown',
        String(traits.callsMax),
        traits.costMax === undefined ? 'unknown' : toDollars(traits.costMax),
      ]
    })
    report(
      context.terminal,
      { object: 'list', data: listed.map((model) => ({ id: model.id, ...toTraits(model) })) },
      toTable([['model', 'does', 'regions', 'calls at most', 'USD at most'], ...rows]),
    )
  },
}
