export interface Comment {
  readonly author: string | undefined
  readonly date: string | undefined
  readonly text: string
}

/** A comment as a line: who, when, what. */
export function toComment({ author, date, text }: Comment): string {
  const facts = [
    ...(author === undefined || author.trim() === '' ? [] : [`author: ${author.trim()}`]),
    ...(date === undefined || date === '' ? [] : [`time: ${date}`]),
  ]
  return facts.length === 0 ? text : `[${facts.join(', ')}]: ${text}`
}
