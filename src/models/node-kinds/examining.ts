import type { CheckConfig } from '../../config/index.ts'
import type { CompleteAnswer } from '../../core/answer.ts'
import type { Call } from '../../core/call.ts'
import type { ChatRequest } from '../../core/chat.ts'
import type { NodePlace } from '../../core/node-kind.ts'
import type { Usage } from '../../core/usage.ts'
import type { Traits } from '../../core/model.ts'
import { createChecks, type Verdict } from '../checks/index.ts'
import { createCodeCheck } from '../code/index.ts'
import { fault } from './building.ts'
import { buildJudge } from './judging.ts'
import type { KindDeps } from './kind-deps.ts'

/** All checks of a node, programs after what only reads, the judge last because it costs. */
export interface Examination {
  /** What a judge is asked costs; nothing without one. */
  readonly helpers: readonly Traits[]
  examine(asked: {
    readonly request: ChatRequest
    readonly answer: CompleteAnswer
    readonly call: Call
  }): Promise<Examined>
}

export interface Examined {
  readonly verdict: Verdict
  readonly usage: Usage | undefined
}

/** Throws CONFIG_INVALID for an expression that is none, a schema or a judge that cannot be. */
export function buildExamination(
  deps: Pick<KindDeps, 'clock' | 'code'>,
  config: CheckConfig,
  at: { readonly place: NodePlace; readonly path: string },
): Examination {
  requireExpression(config.pattern, `${at.path}.pattern`)
  requireExpression(config.without, `${at.path}.without`)
  const { unit } = config
  if (unit?.atLeast !== undefined && unit.atMost !== undefined && unit.atLeast > unit.atMost)
    throw fault(`${at.path}.unit`, `nothing is ${unit.atLeast} or more and ${unit.atMost} or less; exchange them`)
  const check = createChecks(config)
  const runs = config.code === undefined ? undefined : createCodeCheck(requireRunner(deps.code, at.path), config.code)
  const { judge } = config
  const judging = judge === undefined ? undefined : buildJudge(deps.clock, judge, { ...at, path: `${at.path}.judge` })
  return {
    helpers: judging === undefined ? [] : [judging.model.traits],
    async examine(asked) {
      // Calls of tools are a step on the way to an answer; what comes back decides.
      if (asked.answer.toolCalls.length > 0) return { verdict: { type: 'pass' }, usage: undefined }
      let verdict = check(asked.answer, asked.request.chat)
      if (verdict.type === 'pass' && runs !== undefined) verdict = await runs(asked.answer, asked.call)
      if (verdict.type === 'fail' || judging === undefined || judge === undefined) return { verdict, usage: undefined }
      const { score, usage } = await judging.score(asked)
      if (score !== undefined && score >= judge.atLeast) return { verdict, usage }
      const reason =
        score === undefined
          ? 'A reviewer could not say whether the answer is good.'
          : `A reviewer gave it ${score} of 10; ${judge.atLeast} are needed.`
      return { verdict: { type: 'fail', check: 'judge', reason }, usage }
    },
  }
}

function requireRunner(runner: KindDeps['code'], path: string): NonNullable<KindDeps['code']> {
  if (runner !== undefined) return runner
  throw fault(`${path}.code`, 'no program can be run here; remove the check')
}

function requireExpression(pattern: string | undefined, path: string): void {
  if (pattern === undefined) return
  try {
    new RegExp(pattern, 'u').test('')
  } catch {
    throw fault(path, 'this is no regular expression of JavaScript (flag u); mend it')
  }
}
