import { errorCatalogue } from '../../src/core/errors.ts'
import { toCode, toMarkdownTable, toPage } from './page.ts'

/** Every error code, with its status, whether to try again, and how to mend it. */
export function toErrorsPage(): string {
  const rows = Object.entries(errorCatalogue).map(([code, { status, retryable, help }]) => [
    toCode(code),
    String(status),
    retryable ? 'yes' : 'no',
    help,
  ])
  return toPage(
    'Errors',
    'Every error has one of these codes, in the shape of the API that was called. The code is the contract: messages may be ' +
      'reworded, codes are not. A retryable error may go away by itself; where `retry-after` is sent, wait that long.',
    [toMarkdownTable(['code', 'status', 'retryable', 'how to mend it'], rows)],
  )
}
