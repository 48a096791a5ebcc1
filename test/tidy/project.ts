import { readdirSync, readFileSync } from 'node:fs'
import { join, posix } from 'node:path'
import { parseSync } from 'vite'
import type { Node } from './tree.ts'
import { findImports, type Import } from './imports.ts'

/** One file of the repository. */
export interface TextFile {
  /** From the root, with slashes. */
  readonly path: string
  readonly text: string
}

/** A file of TypeScript, parsed. */
export interface Source extends TextFile {
  readonly program: Node
  readonly imports: readonly ResolvedImport[]
  readonly isTest: boolean
  lineOf(offset: number): number
}

export interface ResolvedImport extends Import {
  /** The file it names, from the root; `undefined` for packages and built-in modules. */
  readonly target: string | undefined
}

/** What the laws are checked on: a repository, or files made up to see a law break. */
export interface Project {
  readonly files: readonly TextFile[]
  readonly sources: readonly Source[]
}

export interface Violation {
  readonly path: string
  readonly line: number
  readonly what: string
}

/** What a law found, and how many things it judged: a law that judges nothing proves nothing. */
export interface Finding {
  readonly judged: number
  readonly violations: readonly Violation[]
}

export type Law = (project: Project) => Finding

export function createProject(files: readonly TextFile[]): Project {
  return { files, sources: files.filter(({ path }) => path.endsWith('.ts') && !path.endsWith('.d.ts')).map(parse) }
}

/** Every text file under a root, without what git ignores and what tools put there (`.git` is a file in a second work tree). */
export function readProject(root: string): Project {
  const files: TextFile[] = []
  const visit = (folder: string): void => {
    for (const entry of readdirSync(join(root, folder), { withFileTypes: true })) {
      const path = posix.join(folder, entry.name)
      if (entry.isDirectory()) {
        if (!ignoredFolders.test(`/${path}/`)) visit(path)
      } else if (entry.isFile() && isText(path)) files.push({ path, text: readFileSync(join(root, path), 'utf8') })
    }
  }
  visit('.')
  return createProject(files)
}

export function isTestPath(path: string): boolean {
  return path.endsWith('.test.ts')
}

const ignoredFolders = /\/(node_modules|\.git|\.strata|\.strata-runtimes|coverage|dist)\/|^\/bench\/results\//

function isText(path: string): boolean {
  return (
    path !== '.git' &&
    !/\.(png|jpg|pdf|docx|xlsx|pptx|odt|epub|msg|ico|gguf|db|db-shm|db-wal|journal|gz|zip|wasm)$/.test(path)
  )
}

function parse(file: TextFile): Source {
  // The parser is the one the tests are compiled with; its tree is plain ESTree with TypeScript's nodes.
  const { program, errors } = parseSync(file.path, file.text) as unknown as { program: Node; errors: unknown[] }
  if (errors.length > 0) throw new Error(`${file.path} is not TypeScript`)
  const lineStarts = [0]
  for (let at = file.text.indexOf('\n'); at >= 0; at = file.text.indexOf('\n', at + 1)) lineStarts.push(at + 1)
  return {
    ...file,
    program,
    isTest: isTestPath(file.path),
    imports: findImports(program).map((each) => ({ ...each, target: resolveImport(file.path, each.specifier) })),
    lineOf: (offset) => findLine(lineStarts, offset),
  }
}

function resolveImport(from: string, specifier: string): string | undefined {
  return specifier.startsWith('.') ? posix.join(posix.dirname(from), specifier) : undefined
}

function findLine(lineStarts: readonly number[], offset: number): number {
  let low = 0
  let high = lineStarts.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((lineStarts[middle] ?? 0) <= offset) low = middle + 1
    else high = middle
  }
  return low
}
