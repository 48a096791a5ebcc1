import type { Finding, Project, Source, Violation } from './project.ts'
import { isInside, isStoreFile } from './places.ts'
import { child, children, dotted, literalText, walk, type Node } from './tree.ts'

/** Law 4, first part: the environment, the clock and chance have their places; everybody else is given them. */
export function checkAmbient(project: Project): Finding {
  return checkNodes(productSources(project), (source, node) => {
    const name = node.type === 'MemberExpression' ? dotted(node) : undefined
    if (name === 'process.env' && source.path !== 'src/main.ts' && !isInside(source.path, 'src/config')) {
      return 'process.env belongs to main.ts and config/'
    }
    if (isInside(source.path, 'src/core')) return undefined
    if (name !== undefined && clockNames.has(name)) return `${name}: take the clock as an argument`
    if (name !== undefined && chanceNames.has(name)) return `${name}: take chance as an argument`
    const isNow = node.type === 'NewExpression' && dotted(child(node, 'callee')) === 'Date'
    if (isNow && children(node, 'arguments').length === 0) return 'new Date(): take the clock as an argument'
    const isCrypto = node.type === 'ImportDeclaration' && /^(node:)?crypto$/.test(sourceOf(node))
    const drawn = isCrypto ? importedNames(node).filter((each) => cryptoChance.has(each)) : []
    return drawn.length === 0 ? undefined : `${drawn.join(', ')}: take chance as an argument`
  })
}

/** Law 4, second part: only egress opens outgoing connections. */
export function checkNetwork(project: Project): Finding {
  const sources = productSources(project).filter(({ path }) => !isInside(path, 'src/infrastructure/egress'))
  return checkNodes(sources, (source, node) => {
    if (node.type === 'ImportDeclaration' || node.type === 'ImportExpression') return findNetworkImport(node)
    const callee =
      node.type === 'CallExpression' || node.type === 'NewExpression' ? dotted(child(node, 'callee')) : undefined
    if (callee === undefined || !networkCalls.has(callee)) return undefined
    return declares(source, callee) ? undefined : `${callee}: only egress opens outgoing connections`
  })
}

/** Law 4, third part: SQL stands in store/ and in files named store.ts. */
export function checkSql(project: Project): Finding {
  const sources = productSources(project).filter(({ path }) => !isStoreFile(path))
  return checkNodes(sources, (_, node) => {
    const text = literalText(node)
    if (text !== undefined && sqlText.test(text)) return 'SQL belongs to store/ and files named store.ts'
    if (node.type === 'ImportDeclaration' && node['importKind'] !== 'type' && databases.has(sourceOf(node))) {
      return `${sourceOf(node)} belongs to store/ and files named store.ts`
    }
    const property = node.type === 'CallExpression' ? child(node, 'callee') : undefined
    const method = property?.type === 'MemberExpression' ? dotted(child(property, 'property')) : undefined
    return method !== undefined && queryMethods.has(method)
      ? `.${method}() belongs to store/ and files named store.ts`
      : undefined
  })
}

/** Law 3: no module-level state. Constant tables are fine; what grows is made by a factory. */
export function checkState(project: Project): Finding {
  const violations: Violation[] = []
  let judged = 0
  for (const source of productSources(project)) {
    if (source.path === 'src/main.ts' || source.path.endsWith('worker.ts')) continue // Processes of their own.
    for (const node of children(source.program, 'body')) {
      judged++
      const declaration = node.type === 'ExportNamedDeclaration' ? child(node, 'declaration') : node
      if (declaration?.type !== 'VariableDeclaration') continue
      const isGrowing = children(declaration, 'declarations').some((each) => isEmptyCollection(child(each, 'init')))
      if (declaration['kind'] !== 'const' || isGrowing) {
        violations.push({
          path: source.path,
          line: source.lineOf(node.start),
          what: 'module-level state: make it in a factory',
        })
      }
    }
  }
  return { judged, violations }
}

/** The style's bans: default and star exports, enum, any, `!`, parameter properties, console. */
export function checkStyle(project: Project): Finding {
  return checkNodes(project.sources, (source, node) => {
    switch (node.type) {
      case 'ExportDefaultDeclaration':
        return /(^|\/)[a-z.]+\.config\.ts$/.test(source.path) ? undefined : 'export default: exports have names'
      case 'ExportAllDeclaration':
        return 'export *: a door lists what goes through it'
      case 'TSEnumDeclaration':
        return 'enum: use a union'
      case 'TSAnyKeyword':
        return 'any: use unknown at the edge'
      case 'TSNonNullExpression':
        return 'a ! hides an absence'
      case 'TSParameterProperty':
        return 'a parameter property is not erasable'
      case 'MemberExpression':
        return dotted(child(node, 'object')) === 'console' && !mayPrint(source.path)
          ? 'console: use the log'
          : undefined
      default:
        return undefined
    }
  })
}

const clockNames = new Set(['Date.now', 'performance.now', 'process.hrtime', 'process.hrtime.bigint', 'process.uptime'])
const chanceNames = new Set(['Math.random', 'crypto.randomUUID', 'crypto.getRandomValues', 'crypto.randomBytes'])
const cryptoChance = new Set([
  'randomUUID',
  'randomBytes',
  'randomInt',
  'randomFillSync',
  'getRandomValues',
  'webcrypto',
])
const networkCalls = new Set([
  'fetch',
  'globalThis.fetch',
  'WebSocket',
  'EventSource',
  'http.request',
  'http.get',
  'https.request',
  'https.get',
  'net.connect',
  'net.createConnection',
  'tls.connect',
])
const networkModules = /^(node:)?(http|https|http2|net|tls|dgram)$/
const networkNames = new Set([
  '*',
  'default',
  'request',
  'get',
  'connect',
  'createConnection',
  'Agent',
  'Socket',
  'createSocket',
  'globalAgent',
  'TLSSocket',
  'ClientRequest',
])
const clients = /^(undici|axios|got|node-fetch|ws|ky|superagent)(\/|$)/
const databases = new Set(['kysely', 'pg', 'node:sqlite', 'better-sqlite3'])
const queryMethods = new Set(['selectFrom', 'insertInto', 'updateTable', 'deleteFrom', 'replaceInto', 'mergeInto'])
const sqlText =
  /\bSELECT\s[\s\S]+\sFROM\s|\bINSERT\s+(OR\s+\w+\s+)?INTO\s|\bUPDATE\s+\S+\s+SET\s|\bDELETE\s+FROM\s|\b(CREATE|ALTER|DROP)\s+(VIRTUAL\s+)?(TABLE|INDEX|TRIGGER|VIEW)\s|\bPRAGMA\s+\w+/

function productSources(project: Project): readonly Source[] {
  return project.sources.filter(
    (source) => isInside(source.path, 'src') && !source.isTest && !source.path.endsWith('/testing.ts'),
  )
}

function checkNodes(sources: readonly Source[], judge: (source: Source, node: Node) => string | undefined): Finding {
  const violations: Violation[] = []
  let judged = 0
  for (const source of sources) {
    walk(source.program, (node) => {
      judged++
      const what = judge(source, node)
      if (what !== undefined) violations.push({ path: source.path, line: source.lineOf(node.start), what })
    })
  }
  return { judged, violations }
}

function findNetworkImport(node: Node): string | undefined {
  if (node['importKind'] === 'type') return undefined
  const module = sourceOf(node)
  if (clients.test(module)) return `${module}: only egress opens outgoing connections`
  if (!networkModules.test(module)) return undefined
  const names = node.type === 'ImportExpression' ? ['*'] : importedNames(node)
  const taken = names.filter((name) => networkNames.has(name))
  if (taken.length === 0) return undefined
  return `${taken.join(', ')} of ${module}: only egress opens outgoing connections`
}

function importedNames(node: Node): readonly string[] {
  return children(node, 'specifiers')
    .filter((each) => each['importKind'] !== 'type')
    .map((each) => {
      if (each.type === 'ImportNamespaceSpecifier') return '*'
      return each.type === 'ImportDefaultSpecifier' ? 'default' : (dotted(child(each, 'imported')) ?? '*')
    })
}

function sourceOf(node: Node): string {
  const source = child(node, 'source')
  return (source === undefined ? undefined : literalText(source)) ?? ''
}

/** Whether a file has its own binding of a name, as an argument that is called `fetch` is. */
function declares(source: Source, name: string): boolean {
  let isDeclared = false
  walk(source.program, (node, parent) => {
    if (dotted(node) !== name || parent === undefined) return
    const isBinding =
      (parent.type === 'VariableDeclarator' && parent['id'] === node) ||
      (parent.type === 'Property' && parent['shorthand'] === true) ||
      /Function/.test(parent.type)
    isDeclared ||= isBinding
  })
  return isDeclared
}

function isEmptyCollection(init: Node | undefined): boolean {
  if (init?.type !== 'NewExpression' || children(init, 'arguments').length > 0) return false
  return ['Map', 'Set', 'WeakMap', 'WeakSet'].includes(dotted(child(init, 'callee')) ?? '')
}

function mayPrint(path: string): boolean {
  return path === 'src/main.ts' || /^(src\/applications\/cli|scripts|bench|examples|test)\//.test(path)
}
