import { broken } from './delta.ts'
import type { Pack } from './pack.ts'

export interface TreeEntry {
  /** From the root, with slashes. */
  readonly path: string
  /** Of its content. */
  readonly id: string
}

const entriesMax = 1_000_000
const depthMax = 256
const idBytes = 20

/** The files of a commit in the order of the tree, links and submodules left out; `partial` when there are more than a million entries. */
export function* listTree(pack: Pack, commit: string): Generator<TreeEntry | 'partial'> {
  const root = /^tree ([0-9a-f]{40})\n/.exec(pack.find(commit)?.bytes.toString('latin1', 0, 64) ?? '')?.[1]
  if (root === undefined) throw broken()
  let seen = 0
  // A folder is gone through when its turn comes, so that files keep the order of the tree.
  const waiting: (TreeEntry & { readonly isFolder: boolean; readonly depth: number })[] = [
    { path: '', id: root, isFolder: true, depth: 0 },
  ]
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    if (!next.isFolder) {
      yield { path: next.path, id: next.id }
      continue
    }
    const tree = pack.find(next.id)
    if (tree?.type !== 'tree' || next.depth > depthMax) throw broken()
    const entries = [...readTree(tree.bytes)]
    seen += entries.length
    if (seen > entriesMax) {
      yield 'partial'
      return
    }
    for (const { mode, name, id } of entries.toReversed()) {
      const isFolder = mode === '40000'
      const path = next.path === '' ? name : `${next.path}/${name}`
      if (isFolder || mode.startsWith('100')) waiting.push({ path, id, isFolder, depth: next.depth + 1 })
    }
  }
}

/** `mode name<nul>id`, one after the other. */
function* readTree(bytes: Buffer): Generator<{ readonly mode: string; readonly name: string; readonly id: string }> {
  let at = 0
  while (at < bytes.length) {
    const space = bytes.indexOf(0x20, at)
    const end = bytes.indexOf(0, space)
    const name = bytes.toString('utf8', space + 1, end)
    if (space === -1 || end === -1 || end + 1 + idBytes > bytes.length || name === '' || name.includes('/'))
      throw broken()
    yield { mode: bytes.toString('latin1', at, space), name, id: bytes.toString('hex', end + 1, end + 1 + idBytes) }
    at = end + 1 + idBytes
  }
}
