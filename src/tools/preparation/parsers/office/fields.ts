import { isSignFont, toSign } from './signs.ts'

/** Where a field leads that is a link: an address, a place in the document behind `#`, or both. */
export function findLink(instruction: string): string | undefined {
  const [, given] = /^\s*HYPERLINK\s+(\S.*)$/is.exec(instruction) ?? []
  if (given === undefined) return undefined
  const [begun = '', address = ''] = argument.exec(given) ?? []
  const [, place] = /\\l\s+(.*)$/is.exec(given.slice(begun.length)) ?? []
  const anchor = unquoted(argument.exec(place ?? '')?.[1])
  const href = unquoted(address) + (anchor === '' ? '' : `#${anchor}`)
  return href === '' ? undefined : href
}

/** In quotes, or up to the next blank; what begins with a backslash is a switch. */
const argument = /^("[^"]*"|[^\s"\\]\S*)/

function unquoted(text = ''): string {
  return text.replaceAll('"', '')
}

/** What a field shows that is a sign by its number; empty for every other field. */
export function findSign(instruction: string): string {
  const [, digits, font = ''] = /^\s*SYMBOL\s+(\d{1,5})(?:.*?\\f\s+"?([^"\\]+))?/is.exec(instruction) ?? []
  if (digits === undefined) return ''
  const code = Number(digits)
  return font === '' || isSignFont(font) ? toSign(code, font) : String.fromCharCode(code)
}
