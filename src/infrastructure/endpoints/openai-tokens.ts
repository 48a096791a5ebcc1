/** Tokens that OpenAI's models have beside the texts that clients see. */

/** Around tools, as OpenAI documents them for gpt-4o (openai-cookbook, How to count tokens with tiktoken). */
export const toolTokens = { begin: 7, properties: 3, property: 3, values: -3, value: 3, end: 12 } as const

const ofOneCall = 7
/** Calls side by side are one call of a wrapper, which has each of them in an object with its name. */
const ofParallelCall = 14

/** Around the calls of one message: as recorded answers of gpt-4o and gpt-4.1 have them, which `README.md` says more of. */
export function callTokens(calls: number): number {
  return calls <= 1 ? calls * ofOneCall : calls * ofParallelCall
}
