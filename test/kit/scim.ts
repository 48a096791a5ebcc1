import { expect } from 'vitest'
import type { JsonObject, JsonValue } from '../../src/core/json.ts'

export interface ScimAnswer {
  readonly status: number
  readonly body: JsonObject
}

/** Speaks SCIM as an identity provider does. */
export interface ScimClient {
  send(method: string, path: string, body?: JsonObject): Promise<ScimAnswer>
  patch(path: string, ...operations: readonly JsonObject[]): Promise<ScimAnswer>
  /** Brings in a person of a name that nobody has. */
  addPerson(more?: JsonObject): Promise<ScimAnswer>
}

/** `token` is asked for at each request. */
export function createScimClient(url: () => string, token: () => string): ScimClient {
  let next = 0
  const client: ScimClient = {
    async send(method, path, body) {
      const response = await fetch(`${url()}/scim/v2${path}`, {
        method,
        headers: { authorization: `Bearer ${token()}`, 'content-type': 'application/scim+json' },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      })
      const text = await response.text()
      if (text !== '') expect(response.headers.get('content-type')).toMatch(/^application\/(scim\+)?json/)
      return { status: response.status, body: text === '' ? {} : (JSON.parse(text) as JsonObject) } // SCIM answers objects
    },
    patch(path, ...operations) {
      const schemas = ['urn:ietf:params:scim:api:messages:2.0:PatchOp']
      return client.send('PATCH', path, { schemas, Operations: operations })
    },
    async addPerson(more = {}) {
      const schemas = ['urn:ietf:params:scim:schemas:core:2.0:User']
      const userName = `person-${(next += 1)}@example.eu`
      const made = await client.send('POST', '/Users', { schemas, userName, ...more })
      expect([made.status, made.body]).toEqual([201, expect.objectContaining({ id: expect.any(String) })])
      return made
    },
  }
  return client
}

export function idOf({ body }: ScimAnswer): string {
  return textOf(body['id'])
}

export function nameOf({ body }: ScimAnswer): string {
  return textOf(body['userName'])
}

export function textOf(value: JsonValue | undefined): string {
  return typeof value === 'string' ? value : ''
}
