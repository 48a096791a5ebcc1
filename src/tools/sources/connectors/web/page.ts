import { Parser } from 'htmlparser2'

/** What a page says to those who follow its links. */
export interface PageLinks {
  /** Absolute addresses without fragments, in their order, each once. */
  readonly links: readonly string[]
  /** It asks not to be taken in. */
  readonly isUnlisted: boolean
}

const linksMax = 5_000

export function readLinks(html: string, url: string): PageLinks {
  const links = new Set<string>()
  let base = url
  let isUnlisted = false
  let follows = true
  const parser = new Parser({
    onopentag(name, attributes) {
      const { href = '', rel = '', content = '' } = attributes
      if (name === 'base' && URL.canParse(href, url)) base = new URL(href, url).href
      else if (name === 'meta' && /^(robots|strata)$/i.test(attributes['name'] ?? '')) {
        if (/\b(noindex|none)\b/i.test(content)) isUnlisted = true
        if (/\b(nofollow|none)\b/i.test(content)) follows = false
      } else if ((name === 'a' || name === 'area') && href !== '' && !/\bnofollow\b/i.test(rel)) {
        if (links.size < linksMax && URL.canParse(href, base)) links.add(withoutFragment(new URL(href, base)))
      }
    },
  })
  parser.end(html)
  return { links: follows ? [...links] : [], isUnlisted }
}

export function withoutFragment(url: URL): string {
  url.hash = ''
  return url.href
}
