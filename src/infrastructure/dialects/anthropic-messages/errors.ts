import type { PlatformError } from '../../../core/errors.ts'
import type { JsonObject } from '../../../core/json.ts'
import { toMessage } from '../shared/index.ts'

/** An error as Anthropic shapes it; the stable code is in the additional field `error.code`. */
export function encodeError(error: PlatformError): JsonObject {
  return {
    type: 'error',
    error: {
      type: toType(error),
      message: toMessage(error),
      code: error.code,
      ...(error.param === undefined ? {} : { param: error.param }),
      ...(error.details === undefined ? {} : { details: error.details }),
    },
  }
}

function toType(error: PlatformError): string {
  switch (error.status) {
    case 401:
      return 'authentication_error'
    case 403:
      return 'permission_error'
    case 404:
      return 'not_found_error'
    case 413:
      return 'request_too_large'
    case 429:
      return 'rate_limit_error'
    case 503:
      return 'overloaded_error'
    case 504:
      return 'timeout_error'
  }
  return error.status >= 500 ? 'api_error' : 'invalid_request_error'
}
