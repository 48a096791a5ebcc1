/** OpenAI's reasoning models, with or without a vendor's prefix. */
const reasoningPattern = /(?:^|\/)(?:o\d|gpt-[5-9]|gpt-\d{2})/

/** Whether the name is of OpenAI's reasoning models, which refuse `max_tokens` and can seal their reasoning. */
export function isOpenaiReasoningModel(model: string): boolean {
  return reasoningPattern.test(model)
}
