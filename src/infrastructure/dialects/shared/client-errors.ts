import type { PlatformError } from '../../../core/errors.ts'
import type { JsonObject } from '../../../core/json.ts'

/** What is wrong, then how to mend it. */
export function toMessage(error: PlatformError): string {
  const said = error.message.replace(/[\s.]+$/, '')
  return `${said}. ${error.help}`
}

/** An error as OpenAI shapes it; the stable code is in `code`. */
export function encodeOpenaiError(error: PlatformError): JsonObject {
  return {
    error: {
      message: toMessage(error),
      type: openaiType(error.status),
      param: error.param ?? null,
      code: error.code,
      ...(error.details === undefined ? {} : { details: error.details }),
    },
  }
}

function openaiType(status: number): string {
  switch (status) {
    case 401:
      return 'authentication_error'
    case 403:
      return 'permission_error'
    case 404:
      return 'not_found_error'
    case 429:
      return 'rate_limit_error'
  }
  return status >= 500 ? 'server_error' : 'invalid_request_error'
}
