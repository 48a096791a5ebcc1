// Runs after an installation: Strata starts once and ends, so that its next start finds compiled code (see bin/strata.js).
// JavaScript, because it is also met by a Node too old for TypeScript; that one, and a folder that cannot be written, cost
// the first start a second and nothing else.
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const strata = fileURLToPath(new URL('../bin/strata.js', import.meta.url))
if (Number.parseInt(process.versions.node, 10) >= 24) {
  spawnSync(process.execPath, [strata, 'help'], { stdio: 'ignore', timeout: 60_000 })
}
