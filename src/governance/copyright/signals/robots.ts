import { readUsage } from './content-usage.ts'
import { stateAll, toRaw, type Purpose, type Signal } from './signal.ts'

/** Names under which crawlers that gather for models announce themselves. A rule against them is one against training. */
const trainingAgents =
  'gptbot ccbot google-extended applebot-extended anthropic-ai claudebot bytespider meta-externalagent facebookbot ' +
  'amazonbot cohere-ai cohere-training-data-crawler diffbot omgili img2dataset ai2bot pangubot timpibot'
/** And those that fetch what an answer is grounded in. */
const groundingAgents =
  'oai-searchbot chatgpt-user perplexitybot perplexity-user claude-user claude-searchbot mistralai-user duckassistbot ' +
  'meta-externalfetcher youbot'

export interface RobotsGroup {
  readonly agents: readonly string[]
  readonly rules: readonly { readonly allows: boolean; readonly path: string }[]
  /** `Content-Usage` lines (AIPREF), each with the path it is for. */
  readonly usages: readonly { readonly path: string; readonly usage: string }[]
}

/** What a robots.txt (RFC 9309) says of a path to the agents of each purpose, and the `Content-Usage` lines in it. */
export function readRobots(text: string, path: string): readonly Signal[] {
  const groups = parseRobots(text)
  const signals: Signal[] = []
  for (const [agents, purpose] of [
    [trainingAgents, 'train'],
    [groundingAgents, 'ground'],
  ] as const) {
    const verdict = judgeAgents(groups, agents.split(' '), path)
    if (verdict !== undefined) signals.push(toSignal(verdict, [purpose]))
  }
  const everybody = judge(groups, '*', path)
  // Who lets no crawler in does not want to be found, read or learnt from.
  if (everybody?.allows === false) signals.push(toSignal(everybody, ['search', 'ground', 'train']))
  return [...signals, ...readUsages(groups, path)]
}

interface RobotsVerdict {
  readonly allows: boolean
  readonly isWholeSite: boolean
  readonly raw: string
}

function toSignal({ allows, isWholeSite, raw }: RobotsVerdict, of: readonly Purpose[]): Signal {
  return { kind: 'robots', scope: isWholeSite ? 'site' : 'path', raw: toRaw(raw), statements: stateAll(of, allows) }
}

/** The strictest of what is said to any of the agents by name. Where only `*` is addressed they are not meant. */
function judgeAgents(
  groups: readonly RobotsGroup[],
  agents: readonly string[],
  path: string,
): RobotsVerdict | undefined {
  const verdicts = agents.flatMap((agent) => judge(groups, agent, path) ?? [])
  return verdicts.find(({ allows }) => !allows) ?? verdicts[0]
}

function judge(groups: readonly RobotsGroup[], agent: string, path: string): RobotsVerdict | undefined {
  const named = groups.filter((group) => group.agents.includes(agent))
  const rules = named.flatMap((group) => group.rules)
  if (rules.length === 0) return undefined
  // The longest path that matches decides; of two alike the one that allows (RFC 9309, 2.2.2).
  const matching = rules
    .filter((rule) => rule.path !== '' && matchesPath(rule.path, path))
    .toSorted((left, right) => right.path.length - left.path.length || Number(right.allows) - Number(left.allows))
  const [rule] = matching
  if (rule === undefined) return { allows: true, isWholeSite: true, raw: `user-agent: ${agent}` }
  const raw = `user-agent: ${agent}\n${rule.allows ? 'allow' : 'disallow'}: ${rule.path}`
  return { allows: rule.allows, isWholeSite: rule.path === '/', raw }
}

function readUsages(groups: readonly RobotsGroup[], path: string): readonly Signal[] {
  const everybody = groups.filter((group) => group.agents.includes('*')).flatMap((group) => group.usages)
  const [longest] = everybody
    .filter((usage) => usage.path === '' || matchesPath(usage.path, path))
    .toSorted((left, right) => right.path.length - left.path.length)
  if (longest === undefined) return []
  const scope = longest.path === '' || longest.path === '/' ? 'site' : 'path'
  return readUsage(longest.usage, scope)
}

const linesMax = 10_000

/** Groups of user agents with their rules. Lines that are not understood are passed over, as the RFC asks. */
export function parseRobots(text: string): readonly RobotsGroup[] {
  const groups: {
    agents: string[]
    rules: { allows: boolean; path: string }[]
    usages: { path: string; usage: string }[]
  }[] = []
  let isOpen = false
  for (const line of text.replace(/^\ufeff/, '').split(/\r\n|\r|\n/, linesMax)) {
    const [, name = '', value = ''] = /^\s*([A-Za-z-]+)\s*:\s*([^#]*)/.exec(line) ?? []
    const field = name.toLowerCase()
    const content = value.trim()
    if (field === 'user-agent') {
      if (!isOpen) groups.push({ agents: [], rules: [], usages: [] })
      groups.at(-1)?.agents.push(content.toLowerCase())
      isOpen = true
      continue
    }
    if (field === 'allow' || field === 'disallow')
      groups.at(-1)?.rules.push({ allows: field === 'allow', path: content })
    else if (field === 'content-usage') {
      const [, path = '', usage = ''] = /^(\/\S*)?\s*(.*)$/.exec(content) ?? []
      // Before any group it speaks to everybody.
      if (groups.length === 0) groups.push({ agents: ['*'], rules: [], usages: [] })
      groups.at(-1)?.usages.push({ path, usage })
    } else continue
    isOpen = false
  }
  return groups
}

/** `*` stands for anything, `$` at the end for the end. Linear: no pattern of the site's becomes a regular expression. */
function matchesPath(pattern: string, path: string): boolean {
  const isEnd = pattern.endsWith('$')
  const pieces = (isEnd ? pattern.slice(0, -1) : pattern).split('*')
  let at = 0
  for (const [index, piece] of pieces.entries()) {
    const found = index === 0 ? (path.startsWith(piece) ? 0 : -1) : path.indexOf(piece, at)
    if (found === -1) return false
    at = found + piece.length
  }
  return !isEnd || at === path.length || (pieces.length > 1 && path.endsWith(pieces.at(-1) ?? ''))
}
