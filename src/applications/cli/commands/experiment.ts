import { figures as experimentFigures, type ExperimentReport } from '../../../models/experiments/index.ts'
import { operatorTenant, report, toMisuse, toTable, type Command } from '../command.ts'
import { toSpan, toExperimentJson } from '../../shapes/index.ts'

export const experiment: Command = {
  name: 'experiment',
  usage: 'MODEL [--from DAY] [--to DAY] [--control ARM]',
  options: { from: { type: 'string' }, to: { type: 'string' }, control: { type: 'string' } },
  async run(context) {
    const [model, ...more] = context.words
    if (model === undefined || more.length > 0) throw toMisuse(experiment)
    const { parts } = await context.open()
    const textOf = (name: string): string | undefined => {
      const value = context.options[name]
      return typeof value === 'string' ? value : undefined
    }
    const { startMs, endMs } = toSpan(textOf('from'), textOf('to'), Math.trunc(parts.clock.now()) + 1)
    const span = { fromMs: startMs, untilMs: endMs }
    const asked = { model, ...span, control: textOf('control') }
    const found = await parts.learning.experiments.report(operatorTenant, asked)
    report(context.terminal, toExperimentJson(found, span), toLines(found))
  },
}

function toLines({ arms, comparisons, sharesPValue, moved, isCut }: ExperimentReport): readonly string[] {
  const uneven = sharesPValue !== undefined && sharesPValue < 0.001
  return [
    ...toTable([
      ['arm', 'share', 'subjects', 'calls', ...experimentFigures],
      ...arms.map(({ name, share, subjects, calls, means }) => [
        name,
        share.toFixed(2),
        String(subjects),
        String(calls),
        ...experimentFigures.map((figure) => toText(means[figure]?.mean)),
      ]),
    ]),
    '',
    ...toTable([
      ['compared', 'figure', 'difference', '95 % at every look', 'p'],
      ...comparisons.flatMap(({ arm, control, differences }) =>
        experimentFigures.flatMap((figure) => {
          const found = differences[figure]
          if (found === undefined) return []
          const { difference, low, high, pValue } = found
          return [
            [`${arm} - ${control}`, figure, toText(difference), `${toText(low)} to ${toText(high)}`, toText(pValue)],
          ]
        }),
      ),
    ]),
    ...(uneven ? ['subjects do not fall into the arms by their shares: no difference can be trusted'] : []),
    ...(moved > 0 ? [`${moved} subjects were in more than one arm and are left out`] : []),
    ...(isCut ? ['there was more than one report reads: narrow --from and --to'] : []),
  ]
}

function toText(value: number | undefined): string {
  return value === undefined ? '-' : value === 0 ? '0' : Number(value.toPrecision(3)).toString()
}
