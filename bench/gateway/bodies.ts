/** Request bodies of the bench, in OpenAI's chat shape. `stream` stands before the messages, where the upstream looks. */
export const smallBody = createBody(1_024, { stream: false })
export const streamBody = createBody(1_024, { stream: true })
/** One event every 10 ms rather than all at once. */
export const pacedBody = createBody(1_024, { stream: true, model: 'paced' })
export const largeBody = createBody(200 * 1_024, { stream: false })

function createBody(bytes: number, options: { readonly stream: boolean; readonly model?: string }): string {
  const withContent = (content: string): string =>
    JSON.stringify({
      model: options.model ?? 'bench',
      ...(options.stream ? { stream: true } : {}),
      messages: [{ role: 'user', content }],
    })
  const sentence = 'What does a request cost that only passes through? '
  const room = bytes - withContent('').length
  return withContent(sentence.repeat(Math.ceil(room / sentence.length)).slice(0, room))
}
