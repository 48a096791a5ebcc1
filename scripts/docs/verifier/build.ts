import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { rolldown } from 'rolldown'

const folder = import.meta.dirname

/**
 * The page that verifies audit exports without a server: one file that loads nothing, so that an auditor can keep it. The
 * policy in its head lets it run these scripts and no other, and reach no network.
 */
export async function toVerifierPage(): Promise<string> {
  const code = await bundle()
  const page = readFileSync(join(folder, 'page.html'), 'utf8')
  const [, style = ''] = /<style>([\s\S]*?)<\/style>/.exec(page) ?? []
  const [, script = ''] = /<script>([\s\S]*?)<\/script>/.exec(page) ?? []
  const policy = `default-src 'none'; script-src ${hashOf(code)} ${hashOf(script)}; style-src ${hashOf(style)}; form-action 'none'; base-uri 'none'`
  return page
    .replace('<!-- policy -->', () => `<meta http-equiv="Content-Security-Policy" content="${policy}">`)
    .replace('<!-- verifier -->', () => `<script>${code}</script>`)
}

/** The verifier as one classic script, the same for the same sources. */
export async function bundle(): Promise<string> {
  const absent = join(folder, 'absent.ts')
  const built = await rolldown({
    input: join(folder, 'entry.ts'),
    platform: 'browser',
    resolve: {
      alias: { 'node:crypto': join(folder, 'crypto.ts'), 'node:fs': absent, 'node:path': absent, yaml: absent },
    },
    transform: { inject: { Buffer: ['buffer', 'Buffer'] } },
    treeshake: { moduleSideEffects: false },
    logLevel: 'silent',
  })
  try {
    const { output } = await built.generate({ format: 'iife', minify: true })
    const [{ code }] = output
    // Inside a page the end of a script may not stand in one.
    return code.trim().replaceAll('</script', '<\\/script')
  } finally {
    await built.close()
  }
}

function hashOf(text: string): string {
  return `'sha256-${createHash('sha256').update(text).digest('base64')}'`
}
