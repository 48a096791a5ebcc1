import type { MediaSource } from '../../../core/chat.ts'

/** A URL as a source; a base64 data URL becomes the bytes it carries. */
export function toMediaSource(url: string): MediaSource {
  const comma = url.startsWith('data:') ? url.indexOf(',') : -1
  if (comma === -1) return { type: 'url', url }
  const head = url.slice('data:'.length, comma)
  if (!head.endsWith(';base64')) return { type: 'url', url }
  const mediaType = head.slice(0, -';base64'.length)
  return { type: 'base64', mediaType: mediaType === '' ? 'text/plain' : mediaType, data: url.slice(comma + 1) }
}

/** Bytes as a data URL. */
export function toDataUrl(source: { readonly mediaType: string; readonly data: string }): string {
  return `data:${source.mediaType};base64,${source.data}`
}
