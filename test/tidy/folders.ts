import { findCapabilities, isInside, rooms } from './places.ts'
import { isTestPath, type Finding, type Project, type Violation } from './project.ts'

/** Law 6: every capability folder has a page, a door and a test beside its source; every room has a page. */
export function checkFolders(project: Project): Finding {
  const paths = project.files.map(({ path }) => path)
  const known = new Set(paths)
  const capabilities = findCapabilities(paths)
  const violations: Violation[] = []
  for (const folder of capabilities) {
    const miss = (what: string) => violations.push({ path: folder, line: 1, what })
    if (!known.has(`${folder}/README.md`)) miss('has no README.md')
    if (!known.has(`${folder}/index.ts`)) miss('has no index.ts')
    if (!paths.some((path) => isInside(path, folder) && isTestPath(path))) miss('has no test beside its source')
  }
  return { judged: capabilities.length, violations }
}

/** A room that nobody has moved into is a promise, not a place. */
export function checkRooms(project: Project): Finding {
  const paths = project.files.map(({ path }) => path)
  const empty = rooms.filter((room) => !paths.some((path) => isInside(path, `src/${room}`)))
  return {
    judged: rooms.length,
    violations: empty.map((room) => ({ path: `src/${room}`, line: 1, what: 'is empty' })),
  }
}

const documents = ['README.md', 'ARCHITECTURE.md', 'CHANGELOG.md', 'DEPENDENCIES.md', 'LICENSE']

/** The documents that a reader looks for first. */
export function checkDocuments(project: Project): Finding {
  const known = new Set(project.files.map(({ path }) => path))
  const missing = documents.filter((document) => !known.has(document))
  return {
    judged: documents.length,
    violations: missing.map((path) => ({ path, line: 1, what: 'is missing' })),
  }
}

/** Homes and work folders of a machine, and hosts that packages were fetched from: of no use to a reader. */
const machineTexts: readonly { readonly pattern: RegExp; readonly what: string }[] = [
  { pattern: /(^|[\s"'`(=])\/(work|root|Users|home)\/[\w.-]+/, what: 'names a path of a machine' },
  { pattern: /\bregistry\.[a-z0-9-]+\.[a-z]{2,}/, what: 'names a package registry' },
  { pattern: /"resolved":\s*"http/, what: 'names where a package was fetched from' },
]

/** Nothing in the repository depends on, or tells of, the machine it was made on. */
export function checkMachine(project: Project): Finding {
  const violations = project.files.flatMap(({ path, text }) =>
    text
      .split('\n')
      .flatMap((line, index) =>
        machineTexts
          .filter(({ pattern }) => pattern.test(line))
          .map(({ what }): Violation => ({ path, line: index + 1, what })),
      ),
  )
  return { judged: project.files.length, violations }
}
