import { findTags, readAttribute } from './markup.ts'
import { toReservation } from './tdmrep.ts'
import { stateAll, toRaw, type Signal } from './signal.ts'

/** Where a page's head ends at the latest. */
const headLengthMax = 262_144

export interface HtmlHead {
  readonly signals: readonly Signal[]
  /** The licence that the page links or names, an address or an SPDX id. */
  readonly licence: string | undefined
}

/** What a page says of itself: robots and TDM meta elements, and its licence (`rel=license`, schema.org). */
export function readHtmlHead(html: string): HtmlHead {
  const head = html.slice(0, headLengthMax)
  const metas = findTags(head, 'meta').map((attributes) => ({
    name: (readAttribute(attributes, 'name') ?? readAttribute(attributes, 'property') ?? '').toLowerCase(),
    content: readAttribute(attributes, 'content') ?? '',
  }))
  const find = (name: string): string | undefined => metas.find((meta) => meta.name === name)?.content
  const robots = metas.filter(({ name }) => /^(?:robots|googlebot|gptbot|ccbot|ai)$/.test(name))
  return {
    signals: [
      ...toReservation(find('tdm-reservation'), find('tdm-policy'), 'document'),
      ...robots.flatMap(({ content }) => readRobotsTag(content, 'meta')),
    ],
    licence: findLicence(head, metas),
  }
}

/** `noai`, `noimageai`, `noindex`, `none`, of a header or a meta element. */
export function readRobotsTag(text: string, kind: 'x-robots-tag' | 'meta'): readonly Signal[] {
  const words = text.toLowerCase().split(/[\s,;:]+/)
  const says = (word: string): boolean => words.includes(word)
  const statements = [
    ...(says('noai') || says('noml') ? stateAll(['ground', 'train'], false) : []),
    ...(says('noindex') || says('none') ? stateAll(['search'], false) : []),
    ...(says('notrain') ? stateAll(['train'], false) : []),
  ]
  return statements.length === 0 ? [] : [{ kind, scope: 'document', raw: toRaw(text), statements }]
}

function findLicence(
  head: string,
  metas: readonly { readonly name: string; readonly content: string }[],
): string | undefined {
  for (const attributes of [...findTags(head, 'link'), ...findTags(head, 'a')]) {
    const rel = readAttribute(attributes, 'rel')?.toLowerCase().split(/\s+/) ?? []
    const href = readAttribute(attributes, 'href')
    if (rel.includes('license') && href !== undefined) return href
  }
  const named = metas.find(({ name }) => /^(?:dc\.|dcterms\.)?(?:license|rights\.license)$/.test(name))
  return named?.content ?? /"license"\s*:\s*"([^"]{1,500})"/.exec(head)?.[1]
}
