import { stateAll, toRaw, type Purpose, type Signal, type Statement } from './signal.ts'

/**
 * The preferences of AIPREF (draft-ietf-aipref-vocab): `train-ai=n, search=y`, a header or a line of robots.txt. What it says of `bots`,
 * automated processing of any kind, holds for every purpose that is not named.
 */
export function readUsage(text: string, scope: Signal['scope']): readonly Signal[] {
  const statements: Statement[] = []
  const named = new Set<Purpose>()
  const pairs = [...text.matchAll(/([a-z][a-z0-9_-]*)\s*=\s*(\??[a-z0-9]+)/gi)]
  for (const [, name = '', value = ''] of pairs) {
    const purpose = vocabulary[name.toLowerCase()]
    const permits = toPermission(value)
    if (purpose === undefined || permits === undefined) continue
    named.add(purpose)
    statements.push({ purpose, permits })
  }
  for (const [, name = '', value = ''] of pairs) {
    const permits = toPermission(value)
    if (!general.has(name.toLowerCase()) || permits === undefined) continue
    statements.push(
      ...stateAll(
        (['search', 'ground', 'train'] as const).filter((each) => !named.has(each)),
        permits,
      ),
    )
  }
  return statements.length === 0 ? [] : [{ kind: 'content-usage', scope, raw: toRaw(text), statements }]
}

const vocabulary: Readonly<Record<string, Purpose>> = {
  'train-ai': 'train',
  'train-genai': 'train',
  train: 'train',
  search: 'search',
  'ai-input': 'ground',
  'ai-use': 'ground',
  ai: 'ground',
}
const general = new Set(['bots', 'tdm', 'all'])

function toPermission(value: string): boolean | undefined {
  if (/^(?:y|\?1|true)$/i.test(value)) return true
  return /^(?:n|\?0|false)$/i.test(value) ? false : undefined
}
