import { verbs } from '../../src/applications/cli/index.ts'
import { toCode, toMarkdownTable, toPage } from './page.ts'

/** Every verb of the command line. */
export async function toCommandsPage(): Promise<string> {
  const rows = await Promise.all(
    verbs.map(async ({ name, summary, load }) => [toCode(`strata ${name} ${(await load()).usage}`.trim()), summary]),
  )
  return toPage(
    'Command line',
    '`npm run strata -- COMMAND`, or `npx strata COMMAND`. Every command takes `--config FILE`, `--folder FOLDER`, `--json` and `--help`. ' +
      'The exit code is 0 when it is done, 1 when it was refused or failed, 2 when the command line was not understood.',
    [toMarkdownTable(['command', 'what it does'], rows)],
  )
}
