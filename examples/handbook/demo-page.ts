import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { styleText } from 'node:util'
import type { Answered, CallNode, Citation } from './demo-client.ts'

/** Colours only where standard output is a terminal that wants them. */
const strong = (text: string): string => styleText('bold', text)
const faint = (text: string): string => styleText('dim', text)
const good = (text: string): string => styleText('green', text)
const bad = (text: string): string => styleText('red', text)

/** A line of its own with what comes next. */
export function toHeading(text: string): string {
  return `\n${strong(text)}\n`
}

/** `  · text`, folded to the width of a terminal. */
export function toNote(text: string): string {
  return fold(text, 4)
    .map((line, index) => (index === 0 ? `  ${faint('·')} ${line}` : `    ${line}`))
    .join('\n')
}

/** One question with its answer and everything that can be checked of it. `folder` holds the documents. */
export function toAnswerLines(question: string, answered: Answered, folder: string): readonly string[] {
  const { report } = answered
  const evidence = report.citations.flatMap((citation) => toEvidence(citation, folder))
  return [
    `${strong('?')}  ${strong(question)}`,
    '',
    ...fold(answered.text, 3).map((line) => `   ${line}`),
    '',
    ...(evidence.length === 0 ? [toRow('evidence', 'none: nothing was quoted')] : evidence),
    toRow('route', toRoute(answered)),
    toRow('endpoint', `${report.endpoint ?? 'none'}, processed in ${report.regions?.join(', ') ?? 'unknown regions'}`),
    toRow('tokens', toTokens(report.usage)),
    toRow('cost', report.cost === null ? 'unknown: the price of this model is not known' : `USD ${report.cost.usd}`),
    toRow('latency', toLatency(answered)),
  ]
}

export function toFailureLines(question: string, reason: string): readonly string[] {
  return [
    `${strong('?')}  ${strong(question)}`,
    '',
    ...fold(reason, 5).map((line, index) => `   ${index === 0 ? bad('✗') : ' '} ${line}`),
  ]
}

/** The call tree, each node below its parent. */
export function toTreeLines(node: CallNode, stem = '   ', branch = ''): readonly string[] {
  const facts = [
    strong(node.name),
    node.status === 'ok' ? good('ok') : bad(node.status),
    `${node.duration_ms.toFixed(1)} ms`,
    ...toDetail(node),
  ]
  const below = stem + (branch === '' ? '' : branch === '├─ ' ? '│  ' : '   ')
  return [
    `${faint(stem + branch)}${node.kind.padEnd(9)}${facts.join(faint(' · '))}`,
    ...node.children.flatMap((child, index) =>
      toTreeLines(child, below, index === node.children.length - 1 ? '└─ ' : '├─ '),
    ),
  ]
}

function toDetail(node: CallNode): readonly string[] {
  const { detail } = node
  const { collections, passages } = detail ?? {}
  if (Array.isArray(collections) && Array.isArray(passages)) {
    return [`given ${passages.length} passages of ${collections.join(', ')}`]
  }
  if (node.kind !== 'dispatch') return []
  return [
    `in ${node.regions?.join(', ') ?? 'unknown regions'}`,
    toTokens(node.usage),
    node.cost === null ? 'cost unknown' : `USD ${node.cost.usd} by price ${node.price_version ?? 'unknown'}`,
  ]
}

/** The file, the span, the quote, and whether the file says exactly that at exactly that place. */
function toEvidence(citation: Citation, folder: string): readonly string[] {
  const { source, start, end, text } = citation
  const stands = readFileSync(join(folder, source), 'utf8').slice(start, end) === text
  const verdict = stands ? good('✓ stands there') : bad('✗ does not stand there')
  return [
    toRow('evidence', `${strong(source)} [${start}, ${end})  ${verdict}`),
    ...fold(`“${text}”`, 14).map((line) => `              ${faint(line)}`),
  ]
}

/** The models on the way, and the tries at endpoints that came to nothing. */
function toRoute({ model, report }: Answered): string {
  const shown = report.route.filter(({ kind, status }) => kind === 'model' || status !== 'ok')
  const names = shown.map(({ name, status }) => (status === 'ok' ? name : bad(`${name} (${status})`)))
  return [model, ...names].join(' → ')
}

function toTokens(usage: CallNode['usage']): string {
  if (usage === null) return 'tokens not reported'
  const counts = `${usage.input_total ?? '?'} in, ${usage.output_total ?? '?'} out`
  return usage.source === 'reported' ? counts : `${counts} (${usage.source})`
}

function toLatency({ elapsedMs, overheadMs }: Answered): string {
  const added = overheadMs === undefined ? 'not reported' : `${overheadMs.toFixed(1)} ms`
  return `${elapsedMs.toFixed(0)} ms in all; added to the endpoint's own time: ${added}, search included`
}

function toRow(name: string, value: string): string {
  return `   ${faint(name.padEnd(9))}  ${value}`
}

/** Lines of at most 100 columns less the margin, broken at blanks or between Han characters, which are two wide. */
function fold(text: string, margin: number): readonly string[] {
  return text.split('\n').flatMap((line) => foldLine(line, 100 - margin))
}

function foldLine(line: string, width: number): readonly string[] {
  const lines: string[] = []
  let current = ''
  for (const piece of line.match(/\p{Script=Han}\p{P}*|[^\s\p{Script=Han}]+\s*|\s+/gu) ?? []) {
    if (current !== '' && columns(current + piece.trimEnd()) > width) {
      lines.push(current.trimEnd())
      current = ''
    }
    current += piece
  }
  return [...lines, current]
}

function columns(text: string): number {
  return text.length + (text.match(/[\p{Script=Han}\u3000-\u303f\uff00-\uff60]/gu)?.length ?? 0)
}
