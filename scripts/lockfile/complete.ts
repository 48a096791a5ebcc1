/** A package as the lockfile describes it; what is not looked at is kept as it is. */
export interface LockedPackage {
  readonly version?: string
  readonly license?: string
  readonly dev?: boolean
  readonly devOptional?: boolean
  readonly optional?: boolean
  readonly resolved?: string
  readonly dependencies?: Readonly<Record<string, string>>
  readonly optionalDependencies?: Readonly<Record<string, string>>
  readonly os?: readonly string[]
  readonly cpu?: readonly string[]
  readonly libc?: readonly string[]
}

export interface Lockfile {
  /** By place: `node_modules/vite/node_modules/esbuild`; `` is the project itself. */
  readonly packages: Readonly<Record<string, LockedPackage>>
}

/**
 * The lockfile with the packages of other platforms that its packages name but it does not list. npm leaves those out
 * when the registry it asked does not have them, or when it writes the file from what is installed; `npm ci` then
 * refuses the whole file. Their platform stands in their names; they have no checksum here, and npm takes them as they are.
 */
export function completeLockfile<File extends Lockfile>(file: File): File {
  const added: Record<string, LockedPackage> = {}
  for (const { name, version, parent } of findMissing(file)) {
    added[`node_modules/${name}`] = toEntry({ name, version, parent })
  }
  if (Object.keys(added).length === 0) return file
  const { '': project, ...rest } = { ...file.packages, ...added }
  const sorted = Object.entries(rest).toSorted(([left], [right]) => left.localeCompare(right, 'en'))
  return { ...file, packages: { ...(project === undefined ? {} : { '': project }), ...Object.fromEntries(sorted) } }
}

/** What is wrong with a lockfile, one sentence each: what `npm ci` would miss, and where packages were fetched from. */
export function findLockfileFaults(file: Lockfile): readonly string[] {
  const missing = [...findMissing(file)].map(({ name, place }) => `${place} needs ${name}, which is not listed`)
  const fetched = Object.entries(file.packages).filter(([, each]) => each.resolved?.startsWith('http') === true)
  return [...missing, ...fetched.map(([place]) => `${place} names where it was fetched from`)]
}

interface Missing {
  /** Where the package that needs it lies. */
  readonly place: string
  readonly parent: LockedPackage
  readonly name: string
  readonly version: string
}

function* findMissing({ packages }: Lockfile): Generator<Missing> {
  for (const [place, parent] of Object.entries(packages)) {
    for (const [name, range] of Object.entries(parent.optionalDependencies ?? {})) {
      if (isListed(packages, place, name)) continue
      yield { place, parent, name, version: range.replace(/^[~^]/, '') }
    }
  }
}

/** As Node looks for it: in the package's own folder, then in each folder around it. */
function isListed(packages: Lockfile['packages'], place: string, name: string): boolean {
  for (let folder = place; ; folder = folder.slice(0, Math.max(0, folder.lastIndexOf('/node_modules/')))) {
    if (packages[folder === '' ? `node_modules/${name}` : `${folder}/node_modules/${name}`] !== undefined) return true
    if (folder === '') return false
  }
}

const systems = ['aix', 'android', 'darwin', 'freebsd', 'linux', 'netbsd', 'openbsd', 'openharmony', 'sunos', 'win32']
const processors = ['arm', 'arm64', 'ia32', 'loong64', 'ppc64', 'ppc64le', 'riscv64', 's390x', 'wasm32', 'x64']

function toEntry({ name, version, parent }: Omit<Missing, 'place'>): LockedPackage {
  const words = name.replace(/^@[^/]+\//, '').split(/[-.]/)
  const os = systems.find((system) => words.includes(system)) ?? (words.includes('windows') ? 'win32' : undefined)
  const cpu = processors.find((processor) => words.includes(processor))
  const libc = os === 'linux' ? toLibc(words) : undefined
  return {
    version,
    ...(cpu === undefined ? {} : { cpu: [cpu] }),
    ...(parent.dev === true || parent.devOptional === true ? { dev: true } : {}),
    ...(libc === undefined ? {} : { libc: [libc] }),
    ...(parent.license === undefined ? {} : { license: parent.license }),
    optional: true,
    ...(os === undefined ? {} : { os: [os] }),
  }
}

function toLibc(words: readonly string[]): string | undefined {
  if (words.some((word) => word.startsWith('musl'))) return 'musl'
  return words.some((word) => word.startsWith('gnu')) ? 'glibc' : undefined
}
