import { toDollars } from '../../../core/money.ts'
import { operatorTenant, report, toTable, type Command } from '../command.ts'
import { toTraits } from '../../shapes/index.ts'

export const models: Command = {
  name: 'models',
  usage: '',
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
