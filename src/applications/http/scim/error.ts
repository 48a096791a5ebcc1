import { PlatformError, type ErrorCode } from '../../../core/errors.ts'
import type { JsonObject } from '../../../core/json.ts'

/** Why a request is refused, in the words of RFC 7644 §3.12. */
export type ScimType = 'invalidFilter' | 'invalidSyntax' | 'invalidPath' | 'noTarget' | 'invalidValue' | 'uniqueness'

const errorSchema = 'urn:ietf:params:scim:api:messages:2.0:Error'

/** Throws with the reason beside, which `encodeScimError` takes up. */
export function invalid(scimType: ScimType, message: string): PlatformError {
  return new PlatformError('INVALID_REQUEST', message, { details: { scimType } })
}

/** The error as SCIM tells it. */
export function encodeScimError(error: PlatformError): JsonObject {
  const said = error.details?.['scimType']
  const scimType = typeof said === 'string' ? said : typeOf(error.code)
  return {
    schemas: [errorSchema],
    status: String(error.status),
    ...(scimType === undefined ? {} : { scimType }),
    detail: `${error.code}: ${error.message}. ${error.help}`,
  }
}

function typeOf(code: ErrorCode): ScimType | undefined {
  if (code === 'CONFLICT') return 'uniqueness'
  if (code === 'INVALID_JSON' || code === 'INVALID_ENCODING') return 'invalidSyntax'
  return code === 'INVALID_REQUEST' ? 'invalidValue' : undefined
}
