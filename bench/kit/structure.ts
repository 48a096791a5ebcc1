/** What can be compared of two Markdown documents: their words in order, their tables, their headings. */
export interface Structure {
  readonly words: readonly string[]
  /** Rows of cells, each cell its words joined by blanks. */
  readonly tables: readonly (readonly (readonly string[])[])[]
  readonly headings: readonly Heading[]
}

interface Heading {
  readonly level: number
  readonly text: string
}

/** Reads Markdown as expected and as made, by the same rules: escapes, looks, addresses and comments are no words. */
export function readStructure(markdown: string): Structure {
  const headings: Heading[] = []
  const tables: string[][][] = []
  const words: string[] = []
  let table: string[][] | undefined
  let fence: string | undefined
  for (const line of markdown.replace(/<!--[\s\S]*?-->/g, ' ').split(/\r\n|\n|\r/)) {
    const mark = /^\s*(`{3,}|~{3,})/.exec(line)?.[1]
    if (mark !== undefined && (fence === undefined || line.trim().startsWith(fence))) {
      fence = fence === undefined ? mark : undefined
      continue
    }
    if (fence === undefined && /^\s*\|.*\|\s*$/.test(line)) {
      const cells = splitRow(line)
      if (table === undefined) tables.push((table = []))
      if (!cells.every((cell) => /^:?-+:?$/.test(cell.trim()))) table.push(cells.map((cell) => wordsOf(cell).join(' ')))
      words.push(...cells.flatMap((cell) => (/^\s*:?-+:?\s*$/.test(cell) ? [] : wordsOf(cell))))
      continue
    }
    table = undefined
    const heading = fence === undefined ? /^(#{1,6})\s+(.*)$/.exec(line) : null
    if (heading !== null) headings.push({ level: heading[1]?.length ?? 0, text: wordsOf(heading[2] ?? '').join(' ') })
    words.push(...wordsOf(fence === undefined ? line.replace(/^\s*(?:#{1,6}\s|[-*+]\s)+/, '') : line))
  }
  return { words, tables, headings }
}

export interface Score {
  /** Words of the expected text that stand in the made one in the same order, and all expected ones. */
  readonly words: Share
  /** The same when order does not count. */
  readonly wordsAnywhere: Share
  /** Cells of expected tables that the likest made table has at the same row and column. */
  readonly cells: Share
  readonly headings: Share
  /** Headings that have the same level too. */
  readonly levels: Share
  /** What is missing, for people. */
  readonly misses: readonly string[]
}

export interface Share {
  readonly found: number
  readonly of: number
}

export function scoreStructure(expected: Structure, made: Structure): Score {
  const misses: string[] = []
  const words = { found: commonSubsequence(expected.words, made.words), of: expected.words.length }
  const anywhere = countAnywhere(expected.words, made.words)
  if (anywhere.missing.length > 0) misses.push(`words: ${anywhere.missing.slice(0, 12).join(' ')}`)
  if (words.found < anywhere.found) misses.push(`${anywhere.found - words.found} words in another order`)
  const cells = scoreTables(expected.tables, made.tables, misses)
  const headings = { found: 0, of: expected.headings.length }
  const levels = { found: 0, of: expected.headings.length }
  const left = [...made.headings]
  for (const heading of expected.headings) {
    const place = left.findIndex((each) => each.text === heading.text)
    const [match] = place < 0 ? [] : left.splice(place, 1)
    if (match === undefined) misses.push(`heading: ${heading.text}`)
    else headings.found++
    if (match?.level === heading.level) levels.found++
    else if (match !== undefined) misses.push(`level ${match.level}, not ${heading.level}: ${heading.text}`)
  }
  return { words, wordsAnywhere: { found: anywhere.found, of: expected.words.length }, cells, headings, levels, misses }
}

/** Runs of letters and digits; Han characters one by one. */
function wordsOf(text: string): readonly string[] {
  const plain = text
    .replace(/!?\[([^\]]*)\]\((?:\\.|[^()\\]|\([^()]*\))*\)/g, '$1')
    .replace(/&lt;/g, '<')
    .replace(/&gt;/g, '>')
    .replace(/&#(\d{1,6});/g, (_, code: string) => String.fromCodePoint(Number(code)))
    .replace(/&amp;/g, '&')
    .replace(/\\([!-/:-@[-`{-~])/g, '$1')
    .normalize('NFKC')
  return plain.match(/\p{Script=Han}|[\p{L}\p{M}\p{N}]+/gu)?.map((word) => word.toLowerCase()) ?? []
}

function splitRow(line: string): readonly string[] {
  const inner = line.trim().replace(/^\|/, '').replace(/\|$/, '')
  return inner.split(/(?<!\\)\|/)
}

function countAnywhere(expected: readonly string[], made: readonly string[]): { found: number; missing: string[] } {
  const counts = new Map<string, number>()
  for (const word of made) counts.set(word, (counts.get(word) ?? 0) + 1)
  const missing: string[] = []
  for (const word of expected) {
    const count = counts.get(word) ?? 0
    if (count === 0) missing.push(word)
    else counts.set(word, count - 1)
  }
  return { found: expected.length - missing.length, missing }
}

/** Length of the longest common subsequence. */
function commonSubsequence(one: readonly string[], other: readonly string[]): number {
  let before = new Uint32Array(other.length + 1)
  for (const word of one) {
    const row = new Uint32Array(other.length + 1)
    for (let index = 1; index <= other.length; index++) {
      row[index] =
        word === other[index - 1] ? (before[index - 1] ?? 0) + 1 : Math.max(before[index] ?? 0, row[index - 1] ?? 0)
    }
    before = row
  }
  return before.at(-1) ?? 0
}

type Tables = Structure['tables']

/** Each expected table against the made one that has most of its cells; a made table is used once. */
function scoreTables(expected: Tables, made: Tables, misses: string[]): Share {
  const left = new Set(made)
  let found = 0
  let of = 0
  for (const [number, table] of expected.entries()) {
    const cells = table.flat().length
    of += cells
    let best: { table: Tables[number]; equal: number } | undefined
    for (const candidate of left) {
      const equal = countEqual(table, candidate)
      if (best === undefined || equal > best.equal) best = { table: candidate, equal }
    }
    if (best !== undefined && best.equal > 0) left.delete(best.table)
    found += best?.equal ?? 0
    if ((best?.equal ?? 0) < cells) {
      misses.push(`table ${number + 1}: ${best?.equal ?? 0} of ${cells} cells, ${firstDifference(table, best?.table)}`)
    }
  }
  return { found, of }
}

function countEqual(expected: Tables[number], made: Tables[number]): number {
  let equal = 0
  for (const [row, cells] of expected.entries()) {
    for (const [column, cell] of cells.entries()) if ((made[row]?.[column] ?? '') === cell && made[row]) equal++
  }
  return equal
}

function firstDifference(expected: Tables[number], made: Tables[number] | undefined): string {
  for (const [row, cells] of expected.entries()) {
    for (const [column, cell] of cells.entries()) {
      const other = made?.[row]?.[column]
      if (other !== cell)
        return `at ${row},${column} "${cell.slice(0, 40)}", made "${(other ?? 'nothing').slice(0, 40)}"`
    }
  }
  return 'none'
}
