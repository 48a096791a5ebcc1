import { expect } from 'vitest'
import { errorCatalogue, type ErrorCode } from '../../src/core/errors.ts'
import type { JsonValue } from '../../src/core/json.ts'
import type { Face } from './faces.ts'

export interface ExpectedRefusal {
  readonly code: ErrorCode
  /** The place that must be named. */
  readonly param?: string
  readonly says?: RegExp
}

/** The right 4xx, in the shape of the face, with code, place and fix. */
export async function expectRefusal(
  face: Pick<Face, 'errorOf'>,
  response: Response,
  expected: ExpectedRefusal,
): Promise<void> {
  const { code, param, says } = expected
  const body = (await response.json()) as JsonValue // whatever JSON.parse gives is JSON
  const error = face.errorOf(body)
  expect(error).toMatchObject({ code, message: expect.stringContaining(errorCatalogue[code].help) })
  expect(error?.type).toMatch(/^(authentication|invalid_request|not_found|permission)_error|request_too_large/)
  expect(response.status).toBe(errorCatalogue[code].status)
  expect(response.headers.get('x-strata-error')).toBe(code)
  if (param !== undefined) expect(error?.param).toBe(param)
  if (says !== undefined) expect(error?.message).toMatch(says)
}
