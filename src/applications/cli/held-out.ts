import { findParity, measureRouting, type HeldOut, type Parity } from '../../models/learning/index.ts'
import { toTable } from './command.ts'

const measuredMin = 20

/** `undefined` where nothing can be said: too few pairs with both scores, or no gap between them to recover. */
export function measureHeldOut(
  heldOut: HeldOut,
  gains: Float64Array | undefined,
): (ReturnType<typeof measureRouting> & { readonly parity: Parity | null }) | undefined {
  if (gains === undefined) return undefined
  const rows = [...gains.keys()].filter((row) =>
    [gains[row], heldOut.weak[row], heldOut.strong[row]].every((value) => value !== undefined && !Number.isNaN(value)),
  )
  const choose = (values: Float64Array): Float64Array => Float64Array.from(rows, (row) => values[row] ?? 0)
  const routed = { gains: choose(gains), weak: choose(heldOut.weak), strong: choose(heldOut.strong) }
  const figures = measureRouting(routed)
  const better = meanOf(routed.strong) - meanOf(routed.weak)
  if (rows.length < measuredMin || !(better > 0)) return undefined
  return { ...figures, parity: findParity(routed) ?? null }
}

type HeldOutFigures = ReturnType<typeof measureHeldOut>

/** How well a router does on prompts it has not seen, for people; that it is unmeasured, where it is. */
export function describeFigures(
  heldOut: HeldOut,
  figures: { readonly question: HeldOutFigures; readonly answer: HeldOutFigures },
): readonly string[] {
  const measured = Object.entries(figures).flatMap(([stage, found]) => (found === undefined ? [] : [{ stage, found }]))
  if (measured.length === 0) {
    const both = heldOut.weak.filter((weak, row) => !Number.isNaN(weak + (heldOut.strong[row] ?? Number.NaN))).length
    return [
      '',
      `how well it does on prompts not seen is unmeasured: that takes ${measuredMin} prompts with scores of the weak and the strong model (there are ${both}), on which the strong one is better`,
    ]
  }
  return [
    '',
    ...toTable([
      ['on prompts not seen', 'APGR', 'CPT50', 'CPT80'],
      ...measured.map(({ stage, found }) => [
        `from the ${stage}`,
        found.apgr.toFixed(3),
        found.cpt50.toFixed(1),
        found.cpt80.toFixed(1),
      ]),
    ]),
    ...measured.flatMap(({ stage, found }) => describeParity(stage, found.parity)),
  ]
}

/** What a threshold may be set to when no guarantee is asked for. */
function describeParity(stage: string, parity: Parity | null | undefined): readonly string[] {
  if (parity === null || parity === undefined) return []
  const { threshold, strongShare } = parity
  const share = (strongShare * 100).toFixed(0)
  return [
    `threshold ${threshold.toFixed(3)} from the ${stage} is expected to equal the strong model with ${share} % of its calls`,
  ]
}

function meanOf(values: Float64Array): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length
}
