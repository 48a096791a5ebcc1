import { constants, createWriteStream } from 'node:fs'
import { copyFile, readFile } from 'node:fs/promises'
import { once } from 'node:events'
import { PlatformError } from '../../../core/errors.ts'
import { verifyExport, type AuditReport } from '../../../governance/audit/index.ts'
import { readExactLines } from '../lines.ts'
import { report, toMisuse, type Command, type CommandContext } from '../command.ts'

export const audit: Command = {
  name: 'audit',
  usage:
    'export FILE [--tenant T] | verify FILE --key KEY [--checkpoint NOTE] [--witness KEY,…] [--authority CERTIFICATE] | key | seal | witness | page FILE',
  options: {
    tenant: { type: 'string' },
    key: { type: 'string' },
    checkpoint: { type: 'string' },
    witness: { type: 'string' },
    authority: { type: 'string' },
  },
  async run(context) {
    const [verb, path] = context.words
    if (verb === 'export' && path !== undefined) return exportTo(context, path)
    if (verb === 'verify' && path !== undefined) return verify(context, path)
    if (verb === 'key') return printKey(context)
    if (verb === 'seal') return seal(context)
    if (verb === 'witness') return witness(context)
    if (verb === 'page' && path !== undefined) return writePage(context, path)
    throw toMisuse(audit)
  },
}

async function exportTo(context: CommandContext, path: string): Promise<void> {
  const { tenant } = context.options
  const { parts } = await context.open()
  const file = createWriteStream(path, { flags: 'wx', mode: 0o600 })
  try {
    await once(file, 'open')
  } catch (thrown) {
    throw new PlatformError('CONFLICT', `${path} cannot be made; choose a name that is not taken`, { cause: thrown })
  }
  let lines = 0
  for await (const line of parts.audit.export({ tenant: typeof tenant === 'string' ? tenant : undefined })) {
    lines += 1
    if (!file.write(line)) await once(file, 'drain')
  }
  file.end()
  await once(file, 'close')
  const key = parts.audit.verifierKey
  report(context.terminal, { file: path, lines, key }, [`${lines} lines in ${path}`, `key ${key}`])
}

/** The page that verifies without a server and without this program: made from the same code, and part of the reference. */
async function writePage(context: CommandContext, path: string): Promise<void> {
  const page = new URL('../../../../docs/reference/audit-verifier.html', import.meta.url)
  try {
    await copyFile(page, path, constants.COPYFILE_EXCL)
  } catch (thrown) {
    throw new PlatformError('CONFLICT', `${path} cannot be made; choose a name that is not taken`, { cause: thrown })
  }
  report(context.terminal, { file: path }, [`${path}: open it in a browser; it needs no network`])
}

async function verify(context: CommandContext, path: string): Promise<'failed' | void> {
  const { key, checkpoint, witness: witnesses, authority } = context.options
  if (typeof key !== 'string') throw toMisuse(audit)
  const known = typeof checkpoint === 'string' ? [await readText(checkpoint)] : []
  const verified = await verifyExport(readExactLines(path), {
    verifierKey: key,
    known,
    witnesses: typeof witnesses === 'string' ? witnesses.split(',') : [],
    authority: typeof authority === 'string' ? await readText(authority) : undefined,
  })
  report(context.terminal, toReportJson(verified), toLines(verified))
  if (!verified.isProven) return 'failed'
}

async function readText(path: string): Promise<string> {
  return readFile(path, 'utf8').catch((cause: unknown) => {
    throw new PlatformError('NOT_FOUND', `there is no file ${path.slice(0, 300)}`, { cause })
  })
}

function toReportJson({ isProven, findingsMore, hashesOnly, notProven, ...rest }: AuditReport): object {
  const { exportedAt, oldestAt, newestAt, timestamped, decisionsForeign, ...others } = rest
  return {
    proven_whole: isProven,
    ...others,
    findings_more: findingsMore,
    hashes_only: hashesOnly,
    exported_at: exportedAt ?? null,
    oldest_at: oldestAt ?? null,
    newest_at: newestAt ?? null,
    decisions_foreign: decisionsForeign,
    timestamped: timestamped ?? null,
    not_proven: notProven,
  }
}

function toLines(verified: AuditReport): readonly string[] {
  const { records, hashesOnly, checkpoints, tenants, decisions, placements, findings, findingsMore } = verified
  return [
    verified.isProven ? 'PROVEN' : 'NOT PROVEN',
    `  ${records} records${hashesOnly === 0 ? '' : ` and ${hashesOnly} hashes`} of ${tenants} tenants, ${checkpoints} checkpoints; ${decisions} decisions made again, ${placements} dispatches placed`,
    `  from ${verified.oldestAt ?? 'nothing'} to ${verified.newestAt ?? 'nothing'}, exported at ${verified.exportedAt ?? 'an unknown time'}`,
    ...findings.map(({ type, place, message }) => `  ${type} at ${place}: ${message}`),
    ...(findingsMore === 0 ? [] : [`  and ${findingsMore} more`]),
    ...verified.proven.map((statement) => `  proven: ${statement}`),
    ...verified.notProven.map((statement) => `  not proven: ${statement}`),
  ]
}

async function printKey(context: CommandContext): Promise<void> {
  const { parts } = await context.open()
  report(context.terminal, { key: parts.audit.verifierKey }, [parts.audit.verifierKey])
}

/** Shows the log to its witnesses now, as a running server does by itself. */
async function witness(context: CommandContext): Promise<'failed' | void> {
  const { parts } = await context.open()
  await parts.audit.seal()
  const results = await parts.witnessing.run()
  const lines = results.map(({ name, records, failure }) =>
    failure === undefined
      ? `${name}: ${records === undefined ? 'nothing was due' : `${records} records`}`
      : `${name}: ${failure}`,
  )
  const data = results.map(({ name, records, failure }) => ({
    name,
    records: records ?? null,
    failure: failure ?? null,
  }))
  report(
    context.terminal,
    { object: 'list', data },
    lines.length === 0 ? ['nobody is configured to witness the log'] : lines,
  )
  if (results.some(({ failure }) => failure !== undefined)) return 'failed'
}

async function seal(context: CommandContext): Promise<void> {
  const { parts } = await context.open()
  const records = await parts.audit.seal()
  report(context.terminal, { records }, [`${records} records taken into the log`])
}
