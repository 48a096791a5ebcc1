import type { JsonObject } from '../../../core/json.ts'
import { base, enterpriseSchema, groupSchema, userSchema } from './resource.ts'

export const resultsMax = 200

/** What of RFC 7644 is there. */
export const serviceProviderConfig: JsonObject = {
  schemas: ['urn:ietf:params:scim:schemas:core:2.0:ServiceProviderConfig'],
  patch: { supported: true },
  bulk: { supported: false, maxOperations: 0, maxPayloadSize: 0 },
  filter: { supported: true, maxResults: resultsMax },
  changePassword: { supported: false },
  sort: { supported: false },
  etag: { supported: false },
  authenticationSchemes: [
    {
      type: 'oauthbearertoken',
      name: 'Bearer token',
      description: 'A key of the role provisioner: strata keys create NAME --role provisioner.',
      primary: true,
    },
  ],
  meta: { resourceType: 'ServiceProviderConfig', location: `${base}/ServiceProviderConfig` },
}

export const resourceTypes: readonly JsonObject[] = [
  toResourceType('User', userSchema, [{ schema: enterpriseSchema, required: false }]),
  toResourceType('Group', groupSchema, []),
]

function toResourceType(id: string, schema: string, schemaExtensions: readonly JsonObject[]): JsonObject {
  return {
    schemas: ['urn:ietf:params:scim:schemas:core:2.0:ResourceType'],
    id,
    name: id,
    endpoint: `/${id}s`,
    schema,
    schemaExtensions,
    meta: { resourceType: 'ResourceType', location: `${base}/ResourceTypes/${id}` },
  }
}

interface Shape {
  readonly name: string
  readonly type?: string
  readonly required?: boolean
  readonly unique?: boolean
  readonly plural?: boolean
  readonly mutability?: string
  readonly subAttributes?: readonly Shape[]
}

const value: readonly Shape[] = [{ name: 'value' }, { name: 'type' }, { name: 'primary', type: 'boolean' }]

export const schemas: readonly JsonObject[] = [
  toSchema(userSchema, 'User', [
    { name: 'userName', required: true, unique: true },
    { name: 'externalId' },
    { name: 'active', type: 'boolean' },
    { name: 'displayName' },
    {
      name: 'name',
      type: 'complex',
      subAttributes: [{ name: 'formatted' }, { name: 'givenName' }, { name: 'familyName' }],
    },
    { name: 'title' },
    { name: 'preferredLanguage' },
    { name: 'emails', type: 'complex', plural: true, subAttributes: value },
    { name: 'phoneNumbers', type: 'complex', plural: true, subAttributes: value },
    {
      name: 'groups',
      type: 'complex',
      plural: true,
      mutability: 'readOnly',
      subAttributes: [{ name: 'value' }, { name: 'display' }],
    },
  ]),
  toSchema(groupSchema, 'Group', [
    { name: 'displayName', required: true, unique: true },
    { name: 'externalId' },
    { name: 'members', type: 'complex', plural: true, subAttributes: [{ name: 'value', mutability: 'immutable' }] },
  ]),
  toSchema(enterpriseSchema, 'EnterpriseUser', [
    { name: 'employeeNumber' },
    { name: 'costCenter' },
    { name: 'department' },
  ]),
]

function toSchema(id: string, name: string, shapes: readonly Shape[]): JsonObject {
  return {
    schemas: ['urn:ietf:params:scim:schemas:core:2.0:Schema'],
    id,
    name,
    attributes: shapes.map(toAttribute),
    meta: { resourceType: 'Schema', location: `${base}/Schemas/${id}` },
  }
}

function toAttribute(shape: Shape): JsonObject {
  const { name, type = 'string', required = false, unique = false, plural = false, mutability = 'readWrite' } = shape
  return {
    name,
    type,
    multiValued: plural,
    required,
    caseExact: false,
    mutability,
    returned: 'default',
    uniqueness: unique ? 'server' : 'none',
    ...(shape.subAttributes === undefined ? {} : { subAttributes: shape.subAttributes.map(toAttribute) }),
  }
}
