import type { PlatformError } from '../../core/errors.ts'
import type { JsonObject } from '../../core/json.ts'

/** The error of Strata's own routes: the OpenAI shape, with the help sentence and details beside it. */
export function encodeStrataError(error: PlatformError): JsonObject {
  return {
    error: {
      message: `${error.message}. ${error.help}`,
      type: error.status >= 500 ? 'server_error' : 'invalid_request_error',
      param: error.param ?? null,
      code: error.code,
      ...(error.details === undefined ? {} : { details: error.details }),
    },
  }
}
