/** A node of the syntax tree (ESTree with TypeScript's additions), read loosely: the laws look at few fields. */
export interface Node {
  readonly type: string
  readonly start: number
  readonly end: number
  readonly [field: string]: unknown
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && 'type' in value && typeof value.type === 'string'
}

/** The node in a field; `undefined` when there is none. */
export function child(node: Node, field: string): Node | undefined {
  const value = node[field]
  return isNode(value) ? value : undefined
}

/** The nodes in a field that holds a list. */
export function children(node: Node, field: string): readonly Node[] {
  const value = node[field]
  return Array.isArray(value) ? value.filter(isNode) : []
}

/** Visits a node and all below it, parents first. */
export function walk(node: Node, visit: (node: Node, parent: Node | undefined) => void, parent?: Node): void {
  visit(node, parent)
  for (const value of Object.values(node)) {
    if (isNode(value)) walk(value, visit, node)
    else if (Array.isArray(value)) {
      for (const item of value) if (isNode(item)) walk(item, visit, node)
    }
  }
}

/** `process.env` as a text, for plain member expressions; the name of an identifier. */
export function dotted(node: Node | undefined): string | undefined {
  if (node === undefined) return undefined
  if (node.type === 'Identifier') return typeof node['name'] === 'string' ? node['name'] : undefined
  if (node.type !== 'MemberExpression' || node['computed'] === true) return undefined
  const object = dotted(child(node, 'object'))
  const property = dotted(child(node, 'property'))
  return object === undefined || property === undefined ? undefined : `${object}.${property}`
}

/** The text of a string literal, or of a template's fixed parts. */
export function literalText(node: Node): string | undefined {
  if (node.type === 'Literal') return typeof node['value'] === 'string' ? node['value'] : undefined
  if (node.type !== 'TemplateLiteral') return undefined
  return children(node, 'quasis')
    .map((quasi) => {
      const value = quasi['value']
      return typeof value === 'object' && value !== null && 'raw' in value ? String(value.raw) : ''
    })
    .join(' ? ')
}
