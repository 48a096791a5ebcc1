import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import type { Config } from '../../config/index.ts'
import { PlatformError } from '../../core/errors.ts'
import { readCertificate, type Certificate } from './certificate.ts'
import { readRouter } from './router-file.ts'
import type { Router } from './router.ts'

/** A router as it is in force now: ask for it at every request, because a version may be rolled back in between. */
export interface RouterInForce {
  readonly router: Router
  /** `undefined` when none was issued for this router, or when drift has withdrawn it. */
  readonly certificate: Certificate | undefined
}

export interface RouterCatalogue {
  find(name: string): RouterInForce | undefined
  names(): readonly string[]
}

export interface RouterCatalogueParts {
  readonly config: Config['routers']
  /** Where relative paths start. */
  readonly folder: string
  /** Routers that are kept and versioned; a name in the configuration wins. */
  readonly kept?: RouterCatalogue | undefined
  /** Whether drift has withdrawn the certificate of that hash. */
  readonly isWithdrawn?: ((certificateHash: string) => boolean) | undefined
}

/** Reads the files of the configuration at once. Throws CONFIG_INVALID that names the key and the reason. */
export function createRouterCatalogue(parts: RouterCatalogueParts): RouterCatalogue {
  const { config, folder, kept } = parts
  const read = new Map(
    Object.entries(config).map(([name, files]) => [name, readEntry({ files, folder, path: `routers.${name}` })]),
  )
  return {
    find(name) {
      const found = read.get(name)
      if (found === undefined) return kept?.find(name)
      const { certificate } = found
      if (certificate === undefined || parts.isWithdrawn?.(certificate.hash) !== true) return found
      return { router: found.router, certificate: undefined }
    },
    names: () => [...new Set([...read.keys(), ...(kept?.names() ?? [])])],
  }
}

interface Entry {
  readonly files: Config['routers'][string]
  readonly folder: string
  readonly path: string
}

function readEntry({ files, folder, path }: Entry): RouterInForce {
  const router = readWith({ file: resolve(folder, files.file), path: `${path}.file` }, readRouter)
  const { certificate: file } = files
  if (file === undefined) return { router, certificate: undefined }
  const place = { file: resolve(folder, file), path: `${path}.certificate` }
  const certificate = readWith(place, (bytes) => readCertificate(Buffer.from(bytes).toString('utf8')))
  if (certificate.policy.router !== router.hash) {
    throw refuse(place.path, 'it was issued for another router; issue one for this: strata route certify')
  }
  return { router, certificate }
}

function readWith<T>(place: { readonly file: string; readonly path: string }, read: (bytes: Uint8Array) => T): T {
  try {
    return read(readFileSync(place.file))
  } catch (thrown) {
    if (thrown instanceof PlatformError) throw refuse(place.path, thrown.message, thrown)
    const reason = thrown instanceof Error && 'code' in thrown ? String(thrown.code) : 'unknown reason'
    throw refuse(place.path, `the file ${place.file} cannot be read: ${reason}`, thrown)
  }
}

function refuse(path: string, reason: string, cause?: unknown): PlatformError {
  return new PlatformError('CONFIG_INVALID', `${path}: ${reason}`, { param: path, cause })
}
