import type { DecodedText } from '../reading/index.ts'

/** What to say of an encoding that is not UTF-8. */
export function toNotices({ encoding }: DecodedText): readonly string[] {
  return encoding === 'utf-8' ? [] : [`encoding: ${encoding}`]
}
