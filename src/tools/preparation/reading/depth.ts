/** Deeper than this and tags are taken out before markup is read: what reads it takes longer the deeper it is. */
const depthMax = 2_000

/** Elements that stand open without lying in each other. */
const flat: ReadonlySet<string> = new Set(
  (
    'area base br col embed hr img input link meta param source track wbr p li dt dd td th tr tbody thead tfoot option optgroup ' +
    'rp rt'
  ).split(' '),
)

/** Takes out the tags from where elements lie too deep in each other; places stay what they are. Linear. */
export function limitDepth(
  source: string,
  dialect: 'xml' | 'html',
): { readonly source: string; readonly isCut: boolean } {
  const cut = findDeep(source, dialect)
  if (cut === undefined) return { source, isCut: false }
  const rest = source.slice(cut).replace(/<[^<>]*>?/g, (tag) => ' '.repeat(tag.length))
  return { source: source.slice(0, cut) + rest, isCut: true }
}

function findDeep(source: string, dialect: 'xml' | 'html'): number | undefined {
  let depth = 0
  let end = -1
  for (let at = source.indexOf('<'); at >= 0; at = source.indexOf('<', at + 1)) {
    const isClosing = source[at + 1] === '/'
    const first = source.charCodeAt(at + (isClosing ? 2 : 1)) | 0x20
    if (first < 0x61 || first > 0x7a) continue
    if (isClosing) {
      depth = Math.max(0, depth - 1)
      continue
    }
    if (end < at) end = source.indexOf('>', at)
    if (end < 0) return undefined
    const isEmpty = dialect === 'xml' && source[end - 1] === '/'
    if (isEmpty || (dialect === 'html' && flat.has(nameAt(source, at + 1)))) continue
    depth++
    if (depth > depthMax) return at
  }
  return undefined
}

function nameAt(source: string, start: number): string {
  return /^[a-z][a-z0-9]*/i.exec(source.slice(start, start + 12))?.[0].toLowerCase() ?? ''
}
