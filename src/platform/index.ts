/**
 * The platform: everything Strata is made of, joined. The only place where things are constructed. What stands behind this
 * door is loaded by the first call that needs it, so that a command takes the time and memory of its own parts only.
 */
import type { LoadedConfig, ReadOptions } from '../config/index.ts'
import type { Clock } from '../core/time.ts'
import type { PersonalDataScanner } from '../core/ports-privacy.ts'
import type { OverlapMeter, ProtectedText, Rights, RightsSources } from '../governance/index.ts'
import type { DuplicateIndex, DuplicateOptions, Preparation } from '../tools/index.ts'
import type { InstallRuntimeOptions } from './local.ts'
import type { Platform, PlatformDeps } from './platform.ts'
import type { ProbeDeps } from './probe.ts'

export type { Platform } from './platform.ts'

/** Builds the platform on its store. Rejects with CONFIG_INVALID or STORE_UNAVAILABLE. */
export async function createPlatform(deps: PlatformDeps): Promise<Platform> {
  return (await import('./platform.ts')).createPlatform(deps)
}

/** Builds what a configuration asks for and throws it away. Resolves with what could not be looked at; rejects as `createPlatform` does. */
export async function tryConfig(
  loaded: LoadedConfig,
  deps: Pick<PlatformDeps, 'clock' | 'random'>,
): Promise<readonly string[]> {
  return (await import('./trying.ts')).tryConfig(loaded, deps)
}

/** Asks servers on this machine for the names of their models, before there is a configuration. */
export function createProbe(deps: ProbeDeps): ReadOptions['probe'] {
  return async (url) => (await import('./probe.ts')).createProbe(deps)(url)
}

/** Installs a local runtime into the data folder. Rejects with INVALID_REQUEST for one that is not known, RUNTIME_MISSING, RUNTIME_FAILED. */
export async function installRuntime(
  options: InstallRuntimeOptions,
): Promise<{ readonly folder: string; readonly version: string }> {
  return (await import('./local.ts')).installRuntime(options)
}

/** Reads documents under a configuration, pictures too where `runtime add ocr` has installed what that needs. */
export async function openPreparation(loaded: Pick<LoadedConfig, 'folder' | 'config'>): Promise<Preparation> {
  return (await import('./preparing.ts')).openPreparation(loaded)
}

export async function createPersonalDataScanner(deps: { readonly clock: Clock }): Promise<PersonalDataScanner> {
  return (await import('../governance/privacy/index.ts')).createPersonalDataScanner(deps)
}

export async function createDuplicateIndex(options: DuplicateOptions): Promise<DuplicateIndex> {
  return (await import('../tools/preparation/index.ts')).createDuplicateIndex(options)
}

/** Under what the configuration says of works that nobody has said anything about. */
export async function decideRights(sources: RightsSources, { config }: LoadedConfig): Promise<Rights> {
  const { unknown, isCommercial } = config.governance.copyright
  const { decideRights: decide } = await import('../governance/copyright/index.ts')
  return decide(sources, { permits: unknown, isCommercial })
}

export async function createOverlapMeter(sources: readonly ProtectedText[]): Promise<OverlapMeter> {
  return (await import('../governance/copyright/index.ts')).createOverlapMeter(sources)
}
