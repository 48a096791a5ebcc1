/** An element as it is written: what its tag says, and what stands inside of it. */
export interface Element {
  readonly raw: string
  readonly attributes: string
  readonly body: string
}

/** More of one kind than this is no document but an attack. */
const elementsMax = 1_000

/** Start tags of a name, in any case, without their content. Linear, whatever is left open. */
export function findTags(text: string, name: string): readonly string[] {
  const tags: string[] = []
  const start = new RegExp(`<${name}(?=[\\s/>])`, 'gi')
  for (let match = start.exec(text); match !== null && tags.length < elementsMax; match = start.exec(text)) {
    const end = text.indexOf('>', start.lastIndex)
    if (end === -1) break
    tags.push(text.slice(start.lastIndex, end))
    start.lastIndex = end
  }
  return tags
}

/** Elements of a name with what they hold, up to the next end tag of that name. */
export function findElements(text: string, name: string): readonly Element[] {
  const elements: Element[] = []
  const start = new RegExp(`<${name}(?=[\\s>])`, 'gi')
  const close = new RegExp(`</${name}\\s*>`, 'gi')
  for (let match = start.exec(text); match !== null && elements.length < elementsMax; match = start.exec(text)) {
    const tagEnd = text.indexOf('>', start.lastIndex)
    if (tagEnd === -1) break
    const attributes = text.slice(start.lastIndex, tagEnd)
    if (attributes.endsWith('/')) {
      elements.push({ raw: text.slice(match.index, tagEnd + 1), attributes, body: '' })
      continue
    }
    close.lastIndex = tagEnd
    const end = close.exec(text)
    if (end === null) break
    elements.push({
      raw: text.slice(match.index, close.lastIndex),
      attributes,
      body: text.slice(tagEnd + 1, end.index),
    })
    start.lastIndex = close.lastIndex
  }
  return elements
}

/** The value of an attribute, quoted or not; the first one of that name. */
export function readAttribute(attributes: string, name: string): string | undefined {
  const pattern = new RegExp(`(?:^|\\s)${name}\\s*=\\s*(?:"([^"]*)"|'([^']*)'|([^\\s"'>]+))`, 'i')
  const [, double, single, bare] = pattern.exec(attributes.slice(0, attributesLengthMax)) ?? []
  return double ?? single ?? bare
}

const attributesLengthMax = 4_096
