import type { Act } from './acts.ts'

/** What the run knows of a document that is there: every word that it has held, its own last, and whether everybody may see it. */
export interface Known {
  readonly id: string
  readonly words: readonly string[]
  readonly isOpen: boolean
}

interface Replayed {
  readonly said: ReadonlyMap<string, Omit<Known, 'id'>>
  /** The words of each document that was deleted. */
  readonly gone: readonly (readonly string[])[]
}

/** What acts come to, one after another, where nothing was there before. */
export function replay(acts: readonly Act[]): Replayed {
  const said = new Map<string, Omit<Known, 'id'>>()
  const gone: (readonly string[])[] = []
  for (const act of acts) {
    const known = said.get(act.externalId)
    if (act.type === 'put') {
      said.set(act.externalId, { words: [...(known?.words ?? []), act.word], isOpen: known?.isOpen ?? true })
    } else if (known !== undefined && act.type === 'access') said.set(act.externalId, { ...known, isOpen: act.isOpen })
    else if (known !== undefined) {
      gone.push(known.words)
      said.delete(act.externalId)
    }
  }
  return { said, gone }
}
