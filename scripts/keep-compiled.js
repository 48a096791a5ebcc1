// Runs after an installation: loads what Strata is made of, so that its next start finds compiled code (see bin/strata.js). Once with the
// flags of commands and once with those of the server, because V8 takes no code that was compiled under other ones.
// JavaScript, because it is also met by a Node too old for TypeScript; that one, and a folder that cannot be written, cost
// the first start a second and nothing else.
import module from 'node:module'
import { fileURLToPath } from 'node:url'

if (Number.parseInt(process.versions.node, 10) >= 24) {
  module.enableCompileCache(fileURLToPath(new URL('../node_modules/.cache/strata', import.meta.url)))
  try {
    const { verbs } = await import('../src/applications/cli/index.ts')
    await Promise.all(verbs.map((verb) => verb.load()))
    await import('../src/applications/http/index.ts')
    await import('../src/platform/platform.ts')
  } catch {
    // An installation does not fail by it: the first start says what is wrong.
  }
}
