import { decodeNamed, decodeText, findCharset, findUtf8 } from '../../reading/index.ts'

/**
 * A message whose text is UTF-8 wherever it says of its encoding nothing, what is wrong or what no decoder knows: heads in
 * raw bytes, bodies without a charset or with one that they are not in, encoded words cut within a character. The rest
 * stays byte by byte as it is. Takes time linear in the message for each level of its parts.
 */
export function transcodeMessage(bytes: Uint8Array): Uint8Array {
  const plain = toLatin1(toPlain(bytes))
  // What does not begin with a field has no heads: all of it is text.
  const source = /^(?:[!-9;-~]+[ \t]*:|From |\s|$)/.test(plain) ? plain : `\r\n${plain}`
  const labels = Array.from(source.matchAll(/charset\s*=\s*["']?([\w.:-]+)/gi), ([, label = '']) => label)
  const declared = labels.map(findMeant).find((charset) => charset !== undefined)
  return Buffer.from(transcodePart(source, { declared, depth: 0 }), 'latin1')
}

interface Place {
  /** The first encoding that the message names, which its raw heads are likely in too. */
  readonly declared: string | undefined
  readonly depth: number
}

const depthMax = 64

/** Bytes as characters, each for one. */
function toLatin1(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('latin1')
}

function toUtf8(text: string): string {
  return Buffer.from(text).toString('latin1')
}

/** Without a byte order mark, not in UTF-16, with breaks of lines that mail has. */
function toPlain(bytes: Uint8Array): Uint8Array {
  const head = bytes.subarray(0, 512)
  if (head.filter((byte) => byte === 0).length > head.length / 4 || (head[0] ?? 0) >= 0xfe) {
    const text = findText(bytes)
    if (text !== undefined) return Buffer.from(text)
  }
  const start = head[0] === 0xef && head[1] === 0xbb && head[2] === 0xbf ? 3 : 0
  if (bytes.includes(0x0a)) return bytes.subarray(start)
  return Buffer.from(toLatin1(bytes.subarray(start)).replaceAll('\r', '\r\n'), 'latin1')
}

function findText(bytes: Uint8Array, declared?: string): string | undefined {
  try {
    return decodeText({ source: 'message', bytes }, declared).text
  } catch {
    return undefined // It is no text; what reads the message has to live with what is there.
  }
}

function transcodePart(part: string, place: Place): string {
  const end = /\r?\n\r?\n/.exec(part)
  const head = transcodeHead(end === null ? part : part.slice(0, end.index), place)
  const gap = end?.[0] ?? ''
  const body = end === null ? '' : part.slice(end.index + gap.length)
  const type = fieldOf(head, 'content-type')
  const boundary = /^multipart\//i.test(type) ? (parameterOf(type, 'boundary') ?? '') : undefined
  if (boundary !== undefined && place.depth < depthMax) {
    // Parts that are announced and not there: what stands in their place is text.
    if (boundary === '' || findDelimiter(body, `--${boundary}`, 0) < 0) {
      return withText(head, findText(Buffer.from(body, 'latin1')) ?? body)
    }
    return head + gap + transcodeParts(body, boundary, { ...place, depth: place.depth + 1 })
  }
  const isText = type === '' || /^text\/(?:plain|html)\b/i.test(type)
  if (!isText || /^attachment/i.test(fieldOf(head, 'content-disposition'))) return head + gap + body
  const text = transcodeBody(body, { head, type })
  return text === undefined ? head + gap + body : withText(head, text)
}

/** A part with that text as UTF-8 in place of its body. */
function withText(head: string, text: string): string {
  const type = fieldOf(head, 'content-type')
  const others = head.replace(/^content-(?:type|transfer-encoding):.*(?:\r?\n[ \t].*)*(?:\r?\n)?/gim, '').trimEnd()
  const essence = /^text\/html\b/i.test(type) ? 'text/html' : 'text/plain'
  const flowed = [...type.matchAll(/;\s*(?:format|delsp)\s*=\s*"?\w+"?/gi)].map(([each]) => each).join('')
  const fields = `Content-Type: ${essence}; charset=utf-8${flowed}\r\nContent-Transfer-Encoding: 8bit`
  return `${others === '' ? '' : `${others}\r\n`}${fields}\r\n\r\n${toUtf8(text)}\r\n`
}

/** The parts between the delimiters, each transcoded; delimiters and what stands around them as they are. */
function transcodeParts(body: string, boundary: string, place: Place): string {
  const pieces: string[] = []
  const delimiter = `--${boundary}`
  let from = 0
  let isPart = false
  for (let at = findDelimiter(body, delimiter, 0); at >= 0; ) {
    const piece = body.slice(from, at)
    pieces.push(isPart ? transcodePart(piece, place) : piece)
    const lineEnd = body.indexOf('\n', at)
    const next = lineEnd < 0 ? body.length : lineEnd + 1
    pieces.push(body.slice(at, next))
    isPart = !body.startsWith('--', at + delimiter.length)
    from = next
    at = findDelimiter(body, delimiter, next)
  }
  const last = body.slice(from)
  pieces.push(isPart ? transcodePart(last, place) : last)
  return pieces.join('')
}

/** Where a line is that delimiter, or the last one; -1 when none is. Boundaries may begin like others. */
function findDelimiter(text: string, delimiter: string, from: number): number {
  for (let at = text.indexOf(delimiter, from); at >= 0; at = text.indexOf(delimiter, at + 1)) {
    const after = text.slice(at + delimiter.length, at + delimiter.length + 100)
    if ((at === 0 || text[at - 1] === '\n') && /^(?:--)?[ \t]*(?:[\r\n]|$)/.test(after)) return at
  }
  return -1
}

/** The value of a field, unfolded; empty when there is none. */
function fieldOf(head: string, name: string): string {
  const found = new RegExp(`^${name}:(.*(?:\\r?\\n[ \\t].*)*)`, 'im').exec(head)?.[1] ?? ''
  return found.replace(/\r?\n[ \t]+/g, ' ').trim()
}

function parameterOf(field: string, name: string): string | undefined {
  const found = new RegExp(`;\\s*${name}\\s*=\\s*(?:"([^"]*)"|([^\\s;]+))`, 'i').exec(field)
  return found?.[1] ?? found?.[2]
}

function transcodeHead(head: string, { declared }: Place): string {
  const words = head.includes('=?') ? joinWords(head) : head
  if (!/[\u0080-\u00ff]/.test(words)) return words
  const bytes = Buffer.from(words, 'latin1')
  const utf8 = findUtf8(bytes)
  const text = utf8 === undefined ? findText(bytes, declared) : findUnlikeUtf8(bytes, { utf8, declared })
  return text === undefined ? words : toUtf8(text)
}

/** Two characters of Chinese are four bytes that may be UTF-8 as well; what is meant is what the message says elsewhere. */
function findUnlikeUtf8(
  bytes: Uint8Array,
  { utf8, declared = '' }: { readonly utf8: string; readonly declared: string | undefined },
): string | undefined {
  if (/[\u0800-\uffff]/.test(utf8) || !/^(?:gb|x-gbk|big5|euc|shift|ks_c)/.test(declared)) return undefined
  const text = new TextDecoder(declared).decode(bytes)
  return text.includes('\ufffd') ? undefined : text
}

/** The charset of a label; `undefined` for one that nobody knows or that text beyond ASCII cannot be in. */
function findMeant(label: string): string | undefined {
  return /ascii|unknown/i.test(label) ? undefined : findCharset(label)
}

const encodedWord = String.raw`=\?([^?\s]+)\?([bq])\?([^?]*)\?=`

/** Encoded words (RFC 2047) that follow each other in one encoding as one, since characters may be cut between them. */
function joinWords(head: string): string {
  return head.replace(new RegExp(`${encodedWord}(?:\\s*${encodedWord})*`, 'gi'), (run) => {
    const words = Array.from(run.matchAll(new RegExp(encodedWord, 'gi')), ([, label = '', kind = '', text = '']) => ({
      label: label.replace(/\*.*/, '').toLowerCase(),
      bytes: kind.toLowerCase() === 'b' ? Buffer.from(text, 'base64') : decodeQuoted(text.replaceAll('_', ' ')),
    }))
    const [first] = words
    if (first === undefined || words.some(({ label }) => label !== first.label)) return run
    const apart = words.map(({ bytes, label }) => decodeAs(bytes, label)).join('')
    const isCut = words.length > 1 && apart.includes('\ufffd')
    const text = isCut ? decodeAs(Buffer.concat(words.map(({ bytes }) => bytes)), first.label) : apart
    return text === undefined || text === '' ? run : `=?utf-8?B?${Buffer.from(text).toString('base64')}?=`
  })
}

interface BodyFacts {
  readonly head: string
  readonly type: string
}

/** The text of a body that is not what it says it is; `undefined` when what reads the message knows it. */
function transcodeBody(body: string, { head, type }: BodyFacts): string | undefined {
  const encoding = fieldOf(head, 'content-transfer-encoding').toLowerCase()
  const label = parameterOf(type, 'charset')?.toLowerCase() ?? ''
  const bytes = unpack(body, encoding)
  if (/uue/.test(encoding)) return findText(bytes, label)
  if (bytes.every((byte) => byte < 0x80)) return decodeNamed(bytes, label)
  const charset = findMeant(label)
  if (charset === undefined) return label === '' && findUtf8(bytes) !== undefined ? undefined : findText(bytes)
  const isBroken = /^utf-?8$/.test(charset) && findUtf8(bytes) === undefined && isMostlyBroken(bytes)
  return isBroken ? findText(bytes) : undefined
}

/** Whether most of what is not ASCII is no UTF-8. */
function isMostlyBroken(bytes: Uint8Array): boolean {
  const text = new TextDecoder('utf-8').decode(bytes)
  const broken = text.match(/\ufffd/g)?.length ?? 0
  return broken > (text.match(/[^\0-\u007f]/g)?.length ?? 0) / 2
}

function decodeAs(bytes: Uint8Array, label: string): string | undefined {
  const charset = findCharset(label)
  return decodeNamed(bytes, label) ?? (charset === undefined ? undefined : new TextDecoder(charset).decode(bytes))
}

function unpack(body: string, encoding: string): Buffer {
  if (encoding.startsWith('base64')) return Buffer.from(body, 'base64')
  if (encoding.startsWith('quoted-printable')) return decodeQuoted(body)
  return /uue/.test(encoding) ? decodeUu(body) : Buffer.from(body, 'latin1')
}

function decodeQuoted(text: string): Buffer {
  const plain = text
    .replace(/=[ \t]*\r?\n/g, '')
    .replace(/=([0-9a-f]{2})/gi, (_, code: string) => String.fromCharCode(Number.parseInt(code, 16)))
  return Buffer.from(plain, 'latin1')
}

/** Lines of up to 45 bytes, each with its length first. */
function decodeUu(text: string): Buffer {
  const pieces: Buffer[] = []
  for (const line of text.split(/\r?\n/)) {
    if (/^begin \d{3}/.test(line) || line === '') continue
    if (line === 'end' || line === '`') break
    const codes = Array.from(line, (character) => (character.charCodeAt(0) - 32) & 63)
    const [length = 0, ...rest] = codes
    const bytes: number[] = []
    for (let at = 0; at < rest.length; at += 4) {
      const [a = 0, b = 0, c = 0, d = 0] = rest.slice(at, at + 4)
      bytes.push((a << 2) | (b >> 4), ((b & 15) << 4) | (c >> 2), ((c & 3) << 6) | d)
    }
    pieces.push(Buffer.from(bytes.map((byte) => byte & 255)).subarray(0, length))
  }
  return Buffer.concat(pieces)
}
