/** What the page that verifies audit exports runs: the same code as `strata audit verify`. */
import { verifyExport } from '../../../src/governance/audit/index.ts'

Object.assign(globalThis, { strata: { verifyExport } })
