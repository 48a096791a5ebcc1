import { child, children, dotted, literalText, walk, type Node } from './tree.ts'

/** One way a module names another. */
export interface Import {
  readonly specifier: string
  /** True when nothing of it is left at run time. */
  readonly isTypeOnly: boolean
  /** True when it is loaded when its line is reached, or in another thread: not together with the module that names it. */
  readonly isDeferred: boolean
  /** Names taken, `*` for all, `default`; empty for a bare import. */
  readonly names: readonly string[]
  readonly offset: number
}

/** Static and dynamic imports, `export … from`, import types, and modules named by `new URL('./x.ts', import.meta.url)`. */
export function findImports(program: Node): readonly Import[] {
  const imports: Import[] = []
  walk(program, (node) => {
    const found = toImport(node)
    if (found !== undefined) imports.push({ ...found, offset: node.start })
  })
  return imports
}

function toImport(node: Node): Omit<Import, 'offset'> | undefined {
  switch (node.type) {
    case 'ImportDeclaration':
    case 'ExportNamedDeclaration':
    case 'ExportAllDeclaration':
      return toDeclared(node)
    case 'ImportExpression':
      return withText(child(node, 'source'), { isTypeOnly: false, isDeferred: true, names: ['*'] })
    case 'TSImportType':
      return withText(child(node, 'source') ?? child(node, 'argument'), {
        isTypeOnly: true,
        isDeferred: false,
        names: ['*'],
      })
    case 'NewExpression': {
      const [first, second] = children(node, 'arguments')
      const isModule = dotted(child(node, 'callee')) === 'URL' && second !== undefined && isImportMetaUrl(second)
      const found = isModule ? withText(first, { isTypeOnly: false, isDeferred: true, names: ['*'] }) : undefined
      return found?.specifier.endsWith('.ts') === true ? found : undefined
    }
    default:
      return undefined
  }
}

function toDeclared(node: Node): Omit<Import, 'offset'> | undefined {
  const specifiers = children(node, 'specifiers')
  const isTypeWhole = node['importKind'] === 'type' || node['exportKind'] === 'type'
  const valued = specifiers.filter((each) => each['importKind'] !== 'type' && each['exportKind'] !== 'type')
  const isTypeOnly = isTypeWhole || (specifiers.length > 0 && valued.length === 0)
  const names = node.type === 'ExportAllDeclaration' ? ['*'] : (isTypeOnly ? specifiers : valued).map(nameOf)
  return withText(child(node, 'source'), { isTypeOnly, isDeferred: false, names })
}

function nameOf(specifier: Node): string {
  if (specifier.type === 'ImportNamespaceSpecifier') return '*'
  if (specifier.type === 'ImportDefaultSpecifier') return 'default'
  return dotted(child(specifier, specifier.type === 'ExportSpecifier' ? 'local' : 'imported')) ?? '*'
}

function withText(
  source: Node | undefined,
  rest: Omit<Import, 'offset' | 'specifier'>,
): Omit<Import, 'offset'> | undefined {
  const literal = source?.type === 'TSLiteralType' ? child(source, 'literal') : source
  const specifier = literal === undefined ? undefined : literalText(literal)
  return specifier === undefined ? undefined : { specifier, ...rest }
}

function isImportMetaUrl(node: Node): boolean {
  return node.type === 'MemberExpression' && child(node, 'object')?.type === 'MetaProperty'
}
