#!/usr/bin/env node
// Keeps compiled code between starts. JavaScript, because a first file in TypeScript would load its compiler at each of them.
import { enableCompileCache } from 'node:module'
import { fileURLToPath } from 'node:url'

enableCompileCache(fileURLToPath(new URL('../node_modules/.cache/strata', import.meta.url)))
await import('../src/main.ts')
