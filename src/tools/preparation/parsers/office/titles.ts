/** The title that the properties of a document give; `undefined` where it is none, or the one that programs give all of theirs. */
export function toTitle(property: string): string | undefined {
  const title = property.trim()
  return title === '' || /^(?:word document|document|文档)\d*$/i.test(title) ? undefined : title
}
