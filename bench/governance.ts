import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { plainFacts } from '../test/kit/use-case-answers.ts'
import type { Benchmark } from './kit/benchmark.ts'
import type { Measurement } from './kit/report.ts'
import { measureSides, type Side } from './kit/sides.ts'

/** A checkpoint every second, where the default is one a minute. */
const audit = { sealMs: 1_000 }
const preload = pathToFileURL(join(import.meta.dirname, 'governance/without-audit.ts')).href

/** A pack decides on a declared use case. */
const admission = {
  policies: [{ pack: 'eu-ai-act', mode: 'enforce' }],
  useCases: { desk: { 'eu-ai-act': { ...plainFacts, interactsWithPeople: false } } },
  defaultUseCase: 'desk',
}

/** The others say what they would decide: their decisions make the record of each call a kilobyte longer. */
const shadows = ['eu-sovereignty', 'cn-genai', 'us-states'].map((pack) => ({ pack, mode: 'shadow' }))
const unwatched = { mode: 'off' }

/**
 * `plain` is what the others are compared with: no policies, and a record that nobody takes into the audit log. `packs` has every
 * built-in pack; `watched` also reads the words of each request for what its use case does not declare.
 */
const sides: Readonly<Record<string, Side>> = {
  plain: { preload },
  audited: { governance: { audit } },
  governed: { governance: { audit, ...admission, signals: unwatched } },
  packs: { governance: { audit, ...admission, signals: unwatched, policies: [...admission.policies, ...shadows] } },
  watched: { governance: { audit, ...admission } },
}

export const benchmark: Benchmark = {
  name: 'governance',
  purpose:
    'throughput of the gateway with the audit log, and with policies and the audit log, beside the same gateway with neither',
  async run(options): Promise<Measurement> {
    return {
      figures: await measureSides(sides, options),
      promised: { 'governed.throughputLost': ['<=', 0.05], 'governed.cpuAdded': ['<=', 0.05] },
      unmeasured: [],
    }
  },
}
