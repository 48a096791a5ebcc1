import { Parser } from 'htmlparser2'
import { PlatformError } from '../../../core/errors.ts'

/** An element of XML with the text right inside it. Names are without their prefix. */
export interface XmlElement {
  readonly name: string
  readonly text: string
  readonly children: readonly XmlElement[]
}

const depthMax = 32
const elementsMax = 500_000

/** Reads XML; entities that it declares are not expanded. Throws UPSTREAM_INVALID when it is deep, huge, or nothing. */
export function readXml(text: string): XmlElement {
  const root: Writable = { name: '', text: '', children: [] }
  const open: Writable[] = [root]
  let count = 0
  const parser = new Parser(
    {
      onopentagname(name) {
        if (open.length > depthMax || ++count > elementsMax) throw invalid()
        const element: Writable = { name: name.slice(name.indexOf(':') + 1), text: '', children: [] }
        open.at(-1)?.children.push(element)
        open.push(element)
      },
      ontext(data) {
        const last = open.at(-1)
        if (last !== undefined) last.text += data
      },
      onclosetag() {
        if (open.length > 1) open.pop()
      },
    },
    { xmlMode: true, decodeEntities: true },
  )
  parser.end(text)
  const [first] = root.children
  if (first === undefined) throw invalid()
  return first
}

interface Writable {
  name: string
  text: string
  children: Writable[]
}

/** The elements of that name anywhere below. */
export function findAll({ children }: XmlElement, name: string): readonly XmlElement[] {
  return children.flatMap((child) => (child.name === name ? [child, ...findAll(child, name)] : findAll(child, name)))
}

/** The text of the first element of that name below; `undefined` when there is none. */
export function findText(element: XmlElement, name: string): string | undefined {
  return findAll(element, name)[0]?.text.trim()
}

function invalid(): PlatformError {
  return new PlatformError('UPSTREAM_INVALID', 'the source answered with no XML that can be read')
}
