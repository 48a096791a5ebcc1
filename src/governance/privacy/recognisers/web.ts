import { readHost } from './email.ts'
import { isTopLevelDomain, isWordLike } from './top-level-domains.ts'
import { isWordUnit, spanOf, type ScannedText } from '../scanned-text.ts'
import type { Candidate, Recogniser } from './recogniser.ts'

/** Addresses on the web: with a scheme or `www.` up to the first character that cannot be in one. */
export const url: Recogniser = {
  types: ['url'],
  *find({ original }) {
    let from = 0
    for (const match of original.matchAll(urlStart)) {
      const start = match.index
      if (start < from || isWordUnit(original.charCodeAt(start - 1))) continue
      from = readUrl(original, start + match[0].length)
      const end = trimUrl(original, start + match[0].length, from)
      if (end <= start + match[0].length) continue
      const isHost = /^(?:www\.)?[^/?#]*[a-z0-9\u00c0-\uffff]/i.test(original.slice(start + match[0].length, end))
      yield isHost ? { type: 'url', start, end, strength: 4, confidence: 0.95, why: ['form'] } : undefined
    }
  },
}

const urlStart = /(?:https?|ftps?|sftp|wss?):\/\/|www\.(?=[a-z0-9])/gi
const urlLengthMax = 2_048
/** Han characters and their punctuation end an address: in text without spaces they are what follows it. */
const urlUnit = /[^\s"<>\\^`{|}\u2018-\u201f\u3000-\u303f\u3400-\u9fff\uff00-\uffef]/

function readUrl(text: string, from: number): number {
  let end = from
  while (end < text.length && end - from < urlLengthMax && urlUnit.test(text.charAt(end))) end++
  return end
}

/** Leaves out punctuation that belongs to the sentence, and closing brackets that open nowhere in the address. */
function trimUrl(text: string, from: number, to: number): number {
  let end = to
  for (; end > from; end--) {
    const last = text.charAt(end - 1)
    if (/[.,;:!?'*]/.test(last)) continue
    const opening = last === ')' ? '(' : last === ']' ? '[' : undefined
    if (opening === undefined || count(text.slice(from, end), opening) >= count(text.slice(from, end), last)) break
  }
  return end
}

function count(text: string, character: string): number {
  return text.split(character).length - 1
}

/** Host names without a scheme, as people write them: `example.com`, `mail.example.co.uk`. */
export const domain: Recogniser = {
  types: ['domain'],
  *find(text) {
    const { folded } = text
    let from = 0
    for (let dot = folded.indexOf('.'); dot !== -1; dot = folded.indexOf('.', Math.max(dot + 1, from))) {
      const start = findLabelStart(folded, dot)
      if (start === dot || start < from) continue
      const host = readHost(folded, start)
      from = host.readTo
      yield host.end === undefined ? undefined : judgeHost(text, start, { end: host.end, labels: host.labels })
    }
  },
}

function findLabelStart(text: string, dot: number): number {
  let start = dot
  while (start > 0 && dot - start < 63 && /[a-z0-9-]/i.test(text.charAt(start - 1))) start--
  while (start < dot && text.charAt(start) === '-') start++
  return start
}

function judgeHost(
  text: ScannedText,
  start: number,
  host: { readonly end: number; readonly labels: number },
): Candidate | undefined {
  const { folded } = text
  const { end } = host
  if (/[\w@./\\$-]/.test(folded.charAt(start - 1)) || /[\w(@-]/.test(folded.charAt(end))) return undefined
  const name = folded.slice(start, end)
  const last = name.slice(name.lastIndexOf('.') + 1)
  if (!isTopLevelDomain(last) || !/[a-z]/i.test(name.slice(0, name.lastIndexOf('.')))) return undefined
  const isOneCase = last === last.toLowerCase() || name === name.toUpperCase()
  const isNamed = text.isNear({ start, end }, siteWords)
  if (!isOneCase || (isWordLike(last) && !isNamed && host.labels < 3)) return undefined
  if (!isNamed && isOfProgram(folded, start, end)) return undefined
  if (!isNamed && name.indexOf('.') < 2) return undefined // `e.g`, `U.S`: an abbreviation
  const why = isNamed ? ['form', 'top-level domain', 'context'] : ['form', 'top-level domain']
  return { type: 'domain', start, end, strength: 2, confidence: isNamed ? 0.85 : 0.6, why }
}

/** `toolCall.function.name`, `com.example.app`, `from stdnum.be import …`: names that programs have, written as hosts are. */
function isOfProgram(text: string, start: number, end: number): boolean {
  const name = text.slice(start, end)
  const isHostCase = name === name.toLowerCase() || name === name.toUpperCase()
  if (!isHostCase && /[a-z][A-Z]/.test(name)) return true
  if (/\.(?:id|name|post)$/.test(name) && !/^www\.|\.(?:co|or|go|ac|web|sch|net|com)\.[a-z]+$/.test(name)) return true
  if (/^(?:com|org|net|io|cn|java|javax|edu)\./.test(name) && name.split('.').length > 2) return true
  return (
    /^\.[a-z0-9]/i.test(text.slice(end, end + 2)) ||
    /\b(?:from|import|package|require|using) $/.test(text.slice(Math.max(0, start - 10), start))
  )
}

const siteWords =
  /web ?site|web ?page|\bsite\b|domain|visit|homepage|host ?name|\burl\b|网站|网址|官网|域名|主页|網站|網址/i

/** IPv4 and IPv6 addresses of somebody; loopback, the unspecified one and broadcast are of nobody. */
export const ip: Recogniser = {
  types: ['ip'],
  *find(text) {
    for (const match of text.folded.matchAll(ipv4)) yield judgeIpv4(text, match)
    yield* findIpv6(text.folded)
  },
}

function judgeIpv4(text: ScannedText, match: RegExpExecArray): Candidate | undefined {
  const span = spanOf(match)
  const parts = match[0].split('.')
  if (parts.some((part) => Number(part) > 255 || (part.length > 1 && part.startsWith('0')))) return undefined
  if (nobodys.test(match[0]) || text.isAfter(span, versionBefore)) return undefined
  const isNamed = text.isNear(span, ipWords)
  if (!isNamed && isSection(parts)) return undefined
  return { type: 'ip', ...span, strength: 3, confidence: isNamed ? 0.95 : 0.8, why: ['form', 'range'] }
}

/** Four parts with five digits at most are a section or a version rather, but for the private network 10. */
function isSection(parts: readonly string[]): boolean {
  const digits = parts.join('').length
  return digits < 5 || (digits === 5 && parts[0] !== '10')
}

const ipv4 = /\d(?<![\w.-]\d)\d{0,2}\.\d{1,3}\.\d{1,3}\.\d{1,3}(?![\w+~-]|\.\d)/g
const nobodys = /^(?:127\.|0\.0\.0\.0$|255\.255\.)/
const ipWords = /\bip(?:v4)?\b|address|host|server|client|subnet|gateway|login|地址|主机|服务器|网关/i
const versionBefore =
  /(?:[a-z]\/|[<>!~^]=? *|\b(?:v|ver|version|release|build|firmware|section|clause|§)[ .:=]*|版本(?:号)?[ ::]*|第)$/i
/** From each colon outwards: everything that may stand in an address, and no word at its edges. */
function* findIpv6(text: string): Generator<Candidate | undefined> {
  let from = 0
  for (let colon = text.indexOf(':'); colon !== -1; colon = text.indexOf(':', Math.max(colon + 1, from))) {
    let start = colon
    while (start > from && colon - start < 4 && isHexUnit(text.charCodeAt(start - 1))) start--
    let end = colon
    // A colon that belongs to the word before: `ip:2001:db8::1`.
    const isLabel = start === colon && isHexUnit(text.charCodeAt(colon + 1))
    if (isLabel) start = ++end
    while (end - start < 46 && (isHexUnit(text.charCodeAt(end)) || /[:.]/.test(text.charAt(end)))) end++
    if (end - colon < 2) continue
    from = end
    while (text.charAt(end - 1) === '.' || (text.charAt(end - 1) === ':' && text.charAt(end - 2) !== ':')) end--
    const isPart = (!isLabel && /[\w:.]/.test(text.charAt(start - 1))) || /[\w:]/.test(text.charAt(end))
    const isOne = !isPart && isIpv6(text.slice(start, end))
    yield isOne ? { type: 'ip', start, end, strength: 3, confidence: 0.9, why: ['form', 'range'] } : undefined
  }
}

function isHexUnit(unit: number): boolean {
  return (unit >= 48 && unit <= 57) || (unit >= 65 && unit <= 70) || (unit >= 97 && unit <= 102)
}

function isIpv6(text: string): boolean {
  const [body, embedded] = text.includes('.')
    ? [text.slice(0, text.lastIndexOf(':') + 1) + '0:0', text.slice(text.lastIndexOf(':') + 1)]
    : [text, undefined]
  if (embedded !== undefined && !/^(?:\d{1,3}\.){3}\d{1,3}$/.test(embedded)) return false
  if (embedded?.split('.').some((part) => Number(part) > 255) === true) return false
  const halves = body.split('::')
  if (halves.length > 2) return false
  const groups = halves.map((half) => (half === '' ? [] : half.split(':')))
  const all = groups.flat()
  if (!all.every((group) => /^[0-9a-f]{1,4}$/i.test(group))) return false
  if (halves.length === 1) return all.length === 8 && !all.every((group) => group.length === 2) // pairs: hardware
  // `::1` is nobody's; words of a program such as `dead::beef` are no address.
  // The addresses that are given out begin with four digits (IANA), or with the prefix of translated ones; `58::34:58` is a place.
  const isGivenOut = /^(?:[0-9a-f]{4}:|64:ff9b:|::)/i.test(text)
  const isNumber = embedded !== undefined || (all.length >= 2 && all.join('').length > 3)
  return isGivenOut && all.length <= 7 && isNumber && all.some((group) => /\d/.test(group))
}

/** Hardware addresses: pairs with colons or hyphens, or fours with dots. */
export const mac: Recogniser = {
  types: ['mac'],
  *find({ folded }) {
    for (const match of folded.matchAll(macForm)) {
      if (/^(?:00[:-]?){5,7}00$|^(?:ff[:-]?){5,7}ff$/i.test(match[0])) continue
      yield { type: 'mac', ...spanOf(match), strength: 3, confidence: 0.9, why: ['form'] }
    }
    for (const match of folded.matchAll(dottedMac)) {
      if (!/[a-f]/i.test(match[0])) continue
      yield { type: 'mac', ...spanOf(match), strength: 3, confidence: 0.85, why: ['form'] }
    }
  },
}

/** Six pairs, or the eight of EUI-64; a label with its colon may stand right before. */
const macForm =
  /[0-9a-f](?<![\w-].|(?:^|\W)[\da-f]{2}:.|[.:]:.)[0-9a-f]([:-])[0-9a-f]{2}(?:\1[0-9a-f]{2}){4}(?:\1[0-9a-f]{2}\1[0-9a-f]{2})?(?![\w:-])/gi
/** As network equipment prints them: `aabb.ccdd.eeff`. */
const dottedMac = /[0-9a-f](?<![\w.-].)[0-9a-f]{3}\.[0-9a-f]{4}\.[0-9a-f]{4}(?![\w-]|\.\w)/gi
