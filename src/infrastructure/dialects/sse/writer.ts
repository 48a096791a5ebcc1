/** One server-sent event whose data is JSON. `event` is left out when empty. */
export function toSse(event: string, data: unknown): string {
  const name = event === '' ? '' : `event: ${event}\n`
  return `${name}data: ${JSON.stringify(data)}\n\n`
}
