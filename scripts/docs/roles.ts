import { hasRight, rights, roles, type Right } from '../../src/core/rights.ts'
import { toCode, toMarkdownTable, toPage } from './page.ts'

/** What the key of each role may do. */
export function toRolesPage(): string {
  const names = Object.keys(rights) as Right[] // the keys of an object literal
  const rows = names.map((right) => [
    toCode(right),
    rights[right],
    roles
      .filter((role) => hasRight({ role }, right))
      .map(toCode)
      .join(', '),
  ])
  return toPage(
    'Roles and rights',
    'A key has one role, and a role is a set of rights; [http.md](http.md) says which right a route needs.',
    [toMarkdownTable(['right', 'lets a key', 'roles'], rows)],
  )
}
