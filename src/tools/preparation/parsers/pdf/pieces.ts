import type { Box } from '../parser.ts'
import { marker, toBands, type Band } from './bands.ts'
import type { Drawing } from './drawing.ts'
import { withWords } from './letters.ts'
import { joinTexts, type Fragment, type Part } from './words.ts'

/** Pieces of the lines of a page, cut where cells end that are set close: at lines drawn down, at gaps above each other. */
export function cutPieces(fragments: readonly Fragment[], drawing: Drawing): readonly Fragment[] {
  const walls = [...drawing.lines.vertical, ...drawing.fills.vertical].toSorted((a, b) => a[0] - b[0])
  const letters = drawing.letters()
  const whole = fragments.map((fragment) => withWords(fragment, letters))
  const walled = whole.flatMap((fragment) => cutAt(fragment, (gap) => isWalled(gap, walls)))
  const cuts = findSoftCuts(toBands(walled))
  return cuts.size === 0 ? walled : walled.flatMap((fragment) => cutAt(fragment, ({ after }) => cuts.has(after)))
}

/** Between two words of a piece. */
interface Gap {
  readonly before: Part
  readonly after: Part
  readonly fragment: Fragment
}

function cutAt(fragment: Fragment, isCut: (gap: Gap) => boolean): readonly Fragment[] {
  const { parts } = fragment
  if (parts.length < 2) return [fragment]
  const groups: Part[][] = []
  for (const [index, after] of parts.entries()) {
    const before = parts[index - 1]
    if (before === undefined || isCut({ before, after, fragment })) groups.push([after])
    else groups.at(-1)?.push(after)
  }
  if (groups.length === 1) return [fragment]
  return groups.map((group) => ({
    ...fragment,
    left: group[0]?.left ?? fragment.left,
    right: group.at(-1)?.right ?? fragment.right,
    text: group.reduce((text, part) => joinTexts(text, part.text.trim()), ''),
    parts: group,
  }))
}

/** Whether a line is drawn down between two words, higher than a mark around one of them would be. */
function isWalled({ before, after, fragment: { baseline, size } }: Gap, walls: readonly Box[]): boolean {
  return walls.some(
    ([x, top, , bottom]) =>
      x > before.right - 1 &&
      x < after.left + 1 &&
      bottom - top > size * 1.3 &&
      top < baseline - size * 0.3 &&
      bottom > baseline - size * 0.3,
  )
}

/** Narrower than this, in heights of letters, is a blank between words. */
const softMin = 0.4
/** How much wider than the blanks of its line. */
const widerMin = 1.5
/** Narrower than this no cell ends, though others begin right above and below. */
const closeMin = 0.12
/** Lines above and below that are looked at. */
const neighbours = 3

interface Stretch {
  readonly from: number
  readonly to: number
  /** The word after it, where words that are one piece stand around it. */
  readonly after: Part | undefined
}

/** Words before which a cell ends: behind a gap wider than those of its line, above or below others. */
function findSoftCuts(bands: readonly Band[]): ReadonlySet<Part> {
  const cuts = new Set<Part>()
  const gaps = bands.map(findGaps)
  for (const [index, band] of bands.entries()) {
    const around = [
      ...bands.slice(Math.max(0, index - neighbours), index),
      ...bands.slice(index + 1, index + 1 + neighbours),
    ]
    const starts = around.flatMap(({ fragments }) => fragments.slice(1).map(({ left }) => left))
    for (const fragment of band.fragments) {
      for (const [place, after] of fragment.parts.entries()) {
        const before = fragment.parts[place - 1]
        const isItem = place === 1 && before !== undefined && marker.test(before.text)
        if (before === undefined || isItem || after.left - before.right < band.size * closeMin) continue
        if (starts.filter((left) => Math.abs(left - after.left) < 0.5).length > 1) cuts.add(after)
      }
    }
  }
  for (const [index, stretches] of gaps.entries()) {
    const band = bands[index]
    for (const { from, to, after } of stretches) {
      if (after === undefined || band === undefined) continue
      let [soft, hard] = [0, 0]
      for (const step of [-1, 1]) {
        for (let away = 1; away <= neighbours; away++) {
          const [other, nearer] = [bands[index + step * away], bands[index + step * (away - 1)]]
          if (other === undefined || nearer === undefined) break
          if (Math.abs(other.baseline - nearer.baseline) > band.size * 4) break
          const common = gaps[index + step * away]?.find(
            (each) => Math.min(each.to, to) - Math.max(each.from, from) > band.size * 0.25,
          )
          if (common === undefined) break
          if (common.after === undefined) hard++
          else soft++
        }
      }
      if (hard > 0 || soft > 1) cuts.add(after)
    }
  }
  return cuts
}

/** Gaps of a line that may part cells: those between its pieces, and the wide ones within. */
function findGaps({ fragments, size }: Band): readonly Stretch[] {
  const stretches: Stretch[] = []
  for (const [index, fragment] of fragments.entries()) {
    const next = fragments[index + 1]
    if (next !== undefined) stretches.push({ from: fragment.right, to: next.left, after: undefined })
    const widths = fragment.parts.slice(1).map((part, place) => part.left - (fragment.parts[place]?.right ?? 0))
    const usual =
      widths.length < 3 ? size * 0.27 : (widths.toSorted((a, b) => a - b)[Math.floor(widths.length / 2)] ?? 0)
    for (const [place, width] of widths.entries()) {
      const [before, after] = [fragment.parts[place], fragment.parts[place + 1]]
      if (width < size * softMin || width < usual * widerMin || before === undefined || after === undefined) continue
      if (place === 0 && marker.test(before.text)) continue
      stretches.push({ from: before.right, to: after.left, after })
    }
  }
  return stretches
}
