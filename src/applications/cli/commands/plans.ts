import { accountSchema, creditSchema, planSchema } from '../../../investment/plans/index.ts'
import { readAs } from '../json-file.ts'
import { operatorTenant, report, toMisuse, toTable, type Command, type CommandContext } from '../command.ts'
import { toPlanJson, toAccountJson } from '../../shapes/index.ts'

export const plans: Command = {
  name: 'plans',
  usage: 'list | add FILE | open FILE | credit FILE',
  acts: ['add', 'open', 'credit'],
  options: {},
  async run(context) {
    const [verb, path, ...more] = context.words
    if (more.length > 0) throw toMisuse(plans)
    if (verb === 'list' && path === undefined) return list(context)
    if (path === undefined) throw toMisuse(plans)
    const { billing } = (await context.open()).parts
    if (verb === 'add') {
      const view = await billing.putPlan(operatorTenant, await readAs(planSchema, path, fileBytesMax))
      report(context.terminal, toPlanJson(view), [`${view.plan.id}, version ${view.version}`])
    } else if (verb === 'open') {
      const view = await billing.putAccount(operatorTenant, await readAs(accountSchema, path, fileBytesMax))
      report(context.terminal, toAccountJson(view), [`${view.account.id} is open`])
    } else if (verb === 'credit') {
      const { credit, remaining } = await billing.putCredit(
        operatorTenant,
        await readAs(creditSchema, path, fileBytesMax),
      )
      report(context.terminal, { object: 'credit', ...credit, remaining }, [`${credit.id}: ${remaining} left`])
    } else throw toMisuse(plans)
  },
}

const fileBytesMax = 1_048_576

async function list(context: CommandContext): Promise<void> {
  const { parts } = await context.open()
  const views = await parts.billing.listPlans(operatorTenant)
  const rows = views.map(({ plan, version }) => [
    plan.id,
    String(version),
    plan.name,
    plan.currency,
    plan.period,
    plan.billing,
  ])
  report(
    context.terminal,
    { object: 'list', data: views.map(toPlanJson) },
    toTable([['plan', 'version', 'name', 'currency', 'period', 'billing'], ...rows]),
  )
}
