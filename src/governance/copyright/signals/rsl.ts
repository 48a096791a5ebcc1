import { findElements, findTags, readAttribute } from './markup.ts'
import { toRaw, type Purpose, type Signal, type Statement } from './signal.ts'

/**
 * Really Simple Licensing (RSL 1.0): `<content url="…"><license><permits type="usage">…`. A permission that asks for payment
 * is one under that condition. Reads only the few elements it needs; entities and nesting of others mean nothing here.
 */
export function readRsl(xml: string, path: string): readonly Signal[] {
  const matching = findElements(xml.slice(0, xmlLengthMax), 'content')
    .map(({ raw, attributes, body }) => ({ raw, body, url: readAttribute(attributes, 'url') ?? '/' }))
    .filter(({ url }) => matchesUrl(url, path))
    .toSorted((left, right) => right.url.length - left.url.length)
  const [best] = matching
  if (best === undefined) return []
  const statements = findElements(best.body, 'license').flatMap(({ body }) => readLicence(body))
  if (statements.length === 0) return []
  return [{ kind: 'rsl', scope: best.url === '/' ? 'site' : 'path', raw: toRaw(best.raw), statements }]
}

const xmlLengthMax = 262_144

function readLicence(body: string): readonly Statement[] {
  const payment = readAttribute(findTags(body, 'payment')[0] ?? '', 'type')
  const condition = payment === undefined || /^(?:free|attribution)$/i.test(payment) ? undefined : payment
  const statements = new Map<Purpose, Statement>()
  for (const purpose of readUsages(body, 'permits')) {
    statements.set(
      purpose,
      condition === undefined ? { purpose, permits: true } : { purpose, permits: true, condition },
    )
  }
  // What is prohibited is so whatever else is permitted.
  for (const purpose of readUsages(body, 'prohibits')) statements.set(purpose, { purpose, permits: false })
  return [...statements.values()]
}

function readUsages(body: string, element: 'permits' | 'prohibits'): readonly Purpose[] {
  return findElements(body, element).flatMap(({ attributes, body: usages }) =>
    (readAttribute(attributes, 'type') ?? 'usage') === 'usage'
      ? usages.split(/[\s,]+/).flatMap((usage) => vocabulary[usage.toLowerCase()] ?? [])
      : [],
  )
}

const every: readonly Purpose[] = ['search', 'ground', 'train']
const vocabulary: Readonly<Record<string, readonly Purpose[]>> = {
  all: every,
  'ai-all': ['ground', 'train'],
  'ai-train': ['train'],
  'train-ai': ['train'],
  'train-genai': ['train'],
  'ai-input': ['ground'],
  'ai-use': ['ground'],
  'ai-summarize': ['ground'],
  'ai-index': ['search'],
  search: ['search'],
}

function matchesUrl(url: string, path: string): boolean {
  const [start = '', end] = toPath(url).split('*')
  return end === undefined ? path.startsWith(start) : path.startsWith(start) && path.slice(start.length).endsWith(end)
}

function toPath(url: string): string {
  return URL.canParse(url) ? new URL(url).pathname : url
}
