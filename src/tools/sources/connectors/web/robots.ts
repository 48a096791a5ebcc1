/** What a site's robots.txt says to us (RFC 9309), with the two words that are widely understood besides. */
export interface Robots {
  /** Whether a path, with its query, may be fetched. */
  allows(path: string): boolean
  readonly delayMs: number
  readonly sitemaps: readonly string[]
}

interface Rule {
  readonly allows: boolean
  readonly pattern: string
}

interface Group {
  readonly agents: string[]
  readonly rules: Rule[]
  delayMs: number
}

/** Longest text that is read; the standard asks for 500 KB at least. */
const lengthMax = 512_000

/** The rules for an agent by its name, else those for everybody. An empty text allows everything. */
export function readRobots(text: string, agent: string): Robots {
  const groups: Group[] = []
  const sitemaps: string[] = []
  let isInAgents = false
  for (const line of text.slice(0, lengthMax).split(/\r\n?|\n/)) {
    const parts = /^\s*([A-Za-z-]+)\s*:\s*([^#]*)/.exec(line)
    if (parts === null) continue
    const [name, value] = [(parts[1] ?? '').toLowerCase(), (parts[2] ?? '').trim()]
    if (name === 'sitemap') sitemaps.push(value)
    else if (name === 'user-agent') {
      if (!isInAgents) groups.push({ agents: [], rules: [], delayMs: 0 })
      groups.at(-1)?.agents.push(value.toLowerCase())
      isInAgents = true
    } else {
      isInAgents = false
      const group = groups.at(-1)
      if ((name === 'allow' || name === 'disallow') && value !== '') {
        group?.rules.push({ allows: name === 'allow', pattern: value })
      } else if (name === 'crawl-delay' && group !== undefined) {
        group.delayMs = Math.min(60_000, Math.max(0, Number(value) * 1_000 || 0))
      }
    }
  }
  const own = groups.filter(({ agents }) => agents.includes(agent))
  const ours = own.length > 0 ? own : groups.filter(({ agents }) => agents.includes('*'))
  const rules = ours.flatMap((group) => group.rules)
  return {
    allows: (path) => isAllowed(rules, path),
    delayMs: Math.max(0, ...ours.map((group) => group.delayMs)),
    sitemaps,
  }
}

/** The longest pattern that matches decides; of two as long, the one that allows. */
function isAllowed(rules: readonly Rule[], path: string): boolean {
  let best: Rule | undefined
  for (const rule of rules) {
    if (!matches(rule.pattern, path)) continue
    const isLonger = best === undefined || rule.pattern.length > best.pattern.length
    if (isLonger || (rule.allows && rule.pattern.length === best?.pattern.length)) best = rule
  }
  return best?.allows ?? true
}

/** `*` stands for anything, `$` at the end for the end. Linear: no pattern can make it take long. */
function matches(pattern: string, path: string): boolean {
  const isWhole = pattern.endsWith('$')
  const [first = '', ...rest] = (isWhole ? pattern.slice(0, -1) : pattern).split('*')
  if (!path.startsWith(first)) return false
  let at = first.length
  for (const [index, piece] of rest.entries()) {
    if (isWhole && index === rest.length - 1) return path.length - piece.length >= at && path.endsWith(piece)
    const found = path.indexOf(piece, at)
    if (found === -1) return false
    at = found + piece.length
  }
  return !isWhole || at === path.length
}
