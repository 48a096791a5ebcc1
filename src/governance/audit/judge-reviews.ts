import type { JsonObject, JsonValue } from '../../core/json.ts'

/** What the acts of an export say of reviews: whether each let through once, and only after enough people agreed. */
export interface ReviewJudge {
  takeAct(place: number, act: JsonObject): void
  /** A request of which something left though a policy wanted it reviewed. */
  takePassed(place: number, call: string): void
  /** After the last record: in the log acts of one moment stand in any order. */
  finish(find: (place: number, message: string) => void): void
}

interface Known {
  persons: number
  isOpened: boolean
  isExpired: boolean
  readonly decisions: { readonly version: number; readonly by: string; readonly isStop: boolean }[]
  readonly uses: { readonly place: number; readonly call: string }[]
}

export function createReviewJudge(): ReviewJudge {
  const reviews = new Map<string, Known>()
  const passed: { readonly place: number; readonly call: string }[] = []
  const at = (id: string): Known => {
    let known = reviews.get(id)
    if (known === undefined) {
      known = { persons: 1, isOpened: false, isExpired: false, decisions: [], uses: [] }
      reviews.set(id, known)
    }
    return known
  }
  return {
    takeAct(place, act) {
      const kind = textOf(act['act'])
      if (!kind.startsWith('review.')) return
      const known = at(textOf(act['review']))
      if (kind === 'review.open') {
        known.isOpened = true
        known.persons = Number(act['persons'])
      } else if (kind === 'review.expire') known.isExpired = true
      else if (kind === 'review.use') known.uses.push({ place, call: textOf(act['call']) })
      else if (kind === 'review.decide') {
        const isStop = act['decision'] === 'stop'
        known.decisions.push({ version: Number(act['version']), by: textOf(act['by']), isStop })
      }
    },
    takePassed(place, call) {
      passed.push({ place, call })
    },
    finish(find) {
      for (const [id, known] of reviews) {
        for (const [index, { place }] of known.uses.entries()) {
          if (index > 0) find(place, `the review ${id} let through twice`)
          else if (!isAgreed(known)) find(place, `the review ${id} let through without enough people who agreed`)
        }
      }
      const letThrough = new Set([...reviews.values()].flatMap(({ uses }) => uses.map(({ call }) => call)))
      for (const { place, call } of passed) {
        if (!letThrough.has(call)) find(place, `the request ${call} was not refused, and no review let it through`)
      }
    },
  }
}

/** Distinct people agreed to the last text, nobody stopped it, and it was not over. */
function isAgreed({ isOpened, isExpired, persons, decisions }: Known): boolean {
  const last = Math.max(0, ...decisions.map(({ version }) => version))
  const agreed = new Set(decisions.filter(({ version, isStop }) => version === last && !isStop).map(({ by }) => by))
  return isOpened && !isExpired && !decisions.some(({ isStop }) => isStop) && agreed.size >= persons
}

function textOf(value: JsonValue | undefined): string {
  return typeof value === 'string' ? value : ''
}
