/**
 * Names of folders as they are sent (RFC 3501, 5.1.3, a UTF-7 of its own): printable ASCII stands for itself, all else is base64 of
 * UTF-16 between `&` and `-`, and `&-` is an ampersand.
 */
export function toMailboxName(name: string): string {
  return name.replaceAll(/&|[^ -~]+/g, (run) => {
    if (run === '&') return '&-'
    const base64 = Buffer.from(run, 'utf16le').swap16().toString('base64').replace(/=+$/, '')
    return `&${base64.replaceAll('/', ',')}-`
  })
}

/** The other way; what is not of that form stays as it is. */
export function fromMailboxName(name: string): string {
  return name.replaceAll(/&([A-Za-z0-9+,]*)-/g, (_, base64: string) => {
    if (base64 === '') return '&'
    const bytes = Buffer.from(base64.replaceAll(',', '/'), 'base64')
    return bytes
      .subarray(0, bytes.length - (bytes.length % 2))
      .swap16()
      .toString('utf16le')
  })
}
