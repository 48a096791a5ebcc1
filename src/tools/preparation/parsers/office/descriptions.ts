/** What somebody wrote to describe a picture; nothing where a program put the name of its file or its address. */
export function toDescription(given: string | undefined): string {
  const text = (given ?? '')
    .replace(/Description automatically generated(?: with [a-z]+ confidence)?/i, '')
    .replace(/\s+/g, ' ')
    .trim()
  const isPlace = /^(?:[a-z]:\\|\\\\|\/|https?:|file:|cid:)|^\S+\.(?:png|jpe?g|gif|bmp|tiff?|emf|wmf|svg|webp)$/i.test(
    text,
  )
  return isPlace || !/[\p{L}\p{N}]/u.test(text) ? '' : text
}
