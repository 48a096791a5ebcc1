#!/usr/bin/env -S node --max-semi-space-size=8
// Keeps compiled code between starts, and finds the modules that the installation kept. JavaScript, because a first file in TypeScript would load its compiler at each of
// them. Where the folder cannot be written, Node goes on without.
import module from 'node:module'

if (Number.parseInt(process.versions.node, 10) < 24) {
  process.stderr.write(`Strata runs on Node 24 or newer, and this is ${process.version}. npm ci installs one beside it:
npm run strata -- ${process.argv.slice(2).join(' ')}\n`)
  process.exit(1)
}
const { keptFolder, useKeptModules } = await import('./kept-modules.js')
module.enableCompileCache(keptFolder)
useKeptModules()
await import('../src/main.ts')
