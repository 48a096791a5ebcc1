import type { Fragment } from './words.ts'

/** Pieces that stand on one line, from left to right. */
export interface Band {
  readonly baseline: number
  readonly size: number
  readonly fragments: readonly Fragment[]
}

/** Groups pieces by the line they stand on, from top to bottom. */
export function toBands(fragments: readonly Fragment[]): readonly Band[] {
  const bands: { baseline: number; size: number; fragments: Fragment[] }[] = []
  for (const fragment of fragments.toSorted((a, b) => a.baseline - b.baseline)) {
    const band = bands.at(-1)
    if (band !== undefined && fragment.baseline - band.baseline <= Math.min(band.size, fragment.size) * 0.35) {
      band.fragments.push(fragment)
      band.size = Math.max(band.size, fragment.size)
    } else bands.push({ baseline: fragment.baseline, size: fragment.size, fragments: [fragment] })
  }
  return bands.map((band) => ({ ...band, fragments: band.fragments.toSorted((a, b) => a.left - b.left) }))
}

/** How the line begins that names a table. */
export const caption =
  /^(?:table|tab\.|exhibit|figure|fig\.|tableau|tabelle|表|图|圖)\s*[\dIVXA-F一二三四五六七八九十]/iu
/** How lines below a table begin that say something of it. */
export const note = /^(?:notes?|sources?|exhibit reads|\*|†|‡|[a-z\d]\)|注|註|来源|資料來源|资料来源|说明)[\s:：.]?/iu

/** What begins an item or a heading, and is no cell of its own. */
export const marker =
  /^(?:[•▪▫◦○●■□–—-]|[([]?(?:\d{1,3}|[a-z]|[ivx]{1,5})[.)\]]?|\d+(?:\.\d+)+\.?|第[\d一二三四五六七八九十百]+[章节条])$/iu
/** Whether a line has pieces that stand apart as cells do. */
export function isParted({ fragments }: Band): boolean {
  if (fragments.length < 2) return false
  const [first, ...rest] = fragments
  if (rest.length === 1 && first !== undefined && (marker.test(first.text.trim()) || /\.{4,}|…{2,}/.test(first.text)))
    return false
  return true
}
