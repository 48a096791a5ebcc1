import { invalid } from './fields.ts'

/** Keeps which tool calls the assistant has announced, so that a result without a call is refused where it stands. */
export interface AnnouncedCalls {
  announce(id: string): void
  /** Throws INVALID_REQUEST at `path` when nothing before announced the call. */
  require(id: string, path: string): void
}

export function createAnnouncedCalls(): AnnouncedCalls {
  const ids = new Set<string>()
  return {
    announce: (id) => void ids.add(id),
    require(id, path) {
      if (!ids.has(id)) throw invalid(path, 'the id of a tool call that an earlier assistant message made')
    },
  }
}
