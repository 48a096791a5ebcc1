/** Word names its headings in the language of the installation: 1…9. */
export function findHeadingLevel(names: readonly string[]): number | undefined {
  for (const name of names) {
    const level =
      /^(?:heading|标题|標題|überschrift|titre|título|titolo|kop|rubrik|nagłówek|заголовок|見出し|제목)\s*([1-9])$/i.exec(
        name,
      )?.[1]
    if (level !== undefined) return Number(level)
  }
  return undefined
}

/** Whether a style of one of these names is for the title of the document. */
export function isTitleName(names: readonly string[]): boolean {
  return names.some((name) => /^(title|标题|標題|titel|titre|título|表題)$/i.test(name))
}
