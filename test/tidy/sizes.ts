import type { Finding, Project, Source, Violation } from './project.ts'
import { children, walk, type Node } from './tree.ts'

const fileLinesMax = 400
const functionLinesMax = 70
const parametersMax = 3

/** Law 5, second part: a file has at most 400 lines. */
export function checkFileSizes(project: Project): Finding {
  const violations = project.sources.flatMap((source): Violation[] => {
    const lines = source.text.trimEnd().split('\n').length
    return lines <= fileLinesMax
      ? []
      : [{ path: source.path, line: lines, what: `has ${lines} lines of ${fileLinesMax}` }]
  })
  return { judged: project.sources.length, violations }
}

/** Law 5, third part: a function has at most 70 lines and 3 parameters. A group of tests is a list, not a function. */
export function checkFunctions(project: Project): Finding {
  const violations: Violation[] = []
  let judged = 0
  for (const source of project.sources) {
    walk(source.program, (node) => {
      if (!functionTypes.has(node.type)) return
      judged++
      const report = (what: string) => violations.push({ path: source.path, line: source.lineOf(node.start), what })
      const lines = source.lineOf(node.end) - source.lineOf(node.start) + 1
      if (lines > functionLinesMax && !isListOfTests(source))
        report(`a function has ${lines} lines of ${functionLinesMax}`)
      const parameters = parametersOf(node).length
      if (parameters > parametersMax) report(`a function has ${parameters} parameters of ${parametersMax}`)
    })
  }
  return { judged, violations }
}

const functionTypes = new Set([
  'FunctionDeclaration',
  'FunctionExpression',
  'ArrowFunctionExpression',
  'TSDeclareFunction',
])

function isListOfTests(source: Source): boolean {
  return source.isTest
}

/** Without `this`, which is a type and not a parameter. */
function parametersOf(node: Node): readonly Node[] {
  return children(node, 'params').filter((parameter) => parameter['name'] !== 'this')
}
