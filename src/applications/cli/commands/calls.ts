import type { CallFacts } from '../../../core/call.ts'
import { PlatformError } from '../../../core/errors.ts'
import { toDollars } from '../../../core/money.ts'
import { toIso } from '../../../core/time.ts'
import type { HttpParts } from '../../http/index.ts'
import { operatorTenant, readCount, report, toTable, type Command } from '../command.ts'
import { toCallJson, toTreeJson } from '../../shapes/index.ts'

export const calls: Command = {
  name: 'calls',
  usage: '[ID] [--limit N]',
  options: { limit: { type: 'string' } },
  async run(context) {
    const limit = readCount(context, 'limit', { max: 1_000, otherwise: 20 })
    const { parts } = await context.open()
    const [id] = context.words
    if (id !== undefined) {
      const facts = await parts.calls.find(operatorTenant, id)
      if (facts.length === 0) throw new PlatformError('NOT_FOUND', `there is no call ${id}`)
      const corrections = await parts.calls.findCorrections(operatorTenant, facts[0]?.rootId ?? id)
      report(context.terminal, toTreeJson(facts, corrections), toTreeLines(facts, corrections))
      return
    }
    const listed = await parts.calls.list(operatorTenant, { limit })
    const rows = listed.map((fact) => [
      fact.id,
      toIso(fact.startedAtMs),
      fact.name,
      fact.status,
      `${fact.durationMs.toFixed(1)} ms`,
      costOf(fact),
    ])
    report(
      context.terminal,
      { object: 'list', data: listed.map(toCallJson) },
      toTable([['call', 'started', 'model', 'status', 'took', 'USD'], ...rows]),
    )
  },
}

/** The tree as indented lines, each node under its parent. */
function toTreeLines(
  facts: readonly CallFacts[],
  corrections: Awaited<ReturnType<HttpParts['calls']['findCorrections']>>,
): readonly string[] {
  const ids = new Set(facts.map((fact) => fact.id))
  const lines: string[] = []
  const add = (fact: CallFacts, depth: number): void => {
    const tokens = `${fact.usage?.inputTotal ?? '?'} in, ${fact.usage?.outputTotal ?? '?'} out`
    const parts = [
      fact.kind,
      fact.name,
      fact.status,
      fact.errorCode,
      `${fact.durationMs.toFixed(2)} ms`,
      fact.regions?.join(' '),
      tokens,
      `USD ${costOf(fact)}`,
      toCorrectionText(corrections.get(fact.id)?.cost, corrections.get(fact.id)?.lookup?.state),
    ]
    lines.push(`${'  '.repeat(depth)}${parts.filter((part) => part !== undefined).join('  ')}`)
    for (const child of facts) if (child.parentId === fact.id) add(child, depth + 1)
  }
  for (const fact of facts) if (fact.parentId === undefined || !ids.has(fact.parentId)) add(fact, 0)
  return lines
}

/** What has become known since. */
function toCorrectionText(cost: bigint | undefined, lookup: string | undefined): string | undefined {
  if (lookup === 'open') return 'its vendor is still to be asked'
  const by = lookup === 'told' ? 'as its vendor said later' : 'by a later price'
  return cost === undefined ? undefined : `corrected: USD ${toDollars(cost)}, ${by}`
}

function costOf(fact: CallFacts): string {
  return fact.cost === undefined ? 'unknown' : toDollars(fact.cost)
}
