import type { CodeCheckConfig } from '../../config/index.ts'
import type { CompleteAnswer } from '../../core/answer.ts'
import type { Call } from '../../core/call.ts'
import { isJsonObject, type JsonValue } from '../../core/json.ts'
import type { Verdict } from '../checks/index.ts'
import type { CodeRunner } from './code-runner.ts'
import { findCode } from './find-code.ts'
import type { CodeOutcome } from './messages.ts'

const msDefault = 1_000
const memoryMbDefault = 32

/** Runs the program of an answer on the cases of the operator. */
export function createCodeCheck(
  runner: CodeRunner,
  config: CodeCheckConfig,
): (answer: CompleteAnswer, call: Call) => Promise<Verdict> {
  const cases = config.cases.map(({ arguments: given }) => JSON.stringify(given))
  return async (answer, call) => {
    const code = findCode(answer.text)
    if (code === undefined) return fail('none', 'The answer has to hold a program in JavaScript, in one fenced block.')
    const job = {
      code,
      call: config.call,
      cases,
      ms: config.ms ?? msDefault,
      memoryBytesMax: (config.memoryMb ?? memoryMbDefault) * 1_048_576,
    }
    return judge(await runner.run(job, call.cancellation), config)
  }
}

function judge(outcome: CodeOutcome, config: CodeCheckConfig): Verdict {
  const { call, cases } = config
  switch (outcome.type) {
    case 'done': {
      const wrong = cases.findIndex(({ result }, at) => !isSame(result, readResult(outcome.results[at])))
      if (wrong === -1) return { type: 'pass' }
      const got = outcome.results[wrong] ?? 'nothing'
      const said = `${describe(config, wrong)} gave ${cut(got)}; ${cut(JSON.stringify(cases[wrong]?.result))} is right.`
      return fail('wrong', said)
    }
    case 'syntax':
      return fail('syntax', `The program cannot be read: ${outcome.message}.`)
    case 'missing':
      return fail('missing', `The program has to define the function ${call}.`)
    case 'threw':
      return fail('threw', `${describe(config, outcome.at)} threw ${outcome.message}.`)
    case 'time':
      return fail('time', `${describe(config, outcome.at)} took longer than ${config.ms ?? msDefault} ms.`)
    case 'memory':
      return fail('memory', `${describe(config, outcome.at)} used more than ${config.memoryMb ?? memoryMbDefault} MB.`)
    case 'stack':
      return fail('stack', `${describe(config, outcome.at)} called itself too deeply.`)
    case 'output':
      return fail('output', `${describe(config, outcome.at)} gave far too long a result.`)
    case 'crashed':
      return fail('crashed', 'The program could not be run to its end.')
  }
}

function describe({ call, cases }: CodeCheckConfig, at: number | undefined): string {
  const given = at === undefined ? undefined : cases[at]?.arguments
  return given === undefined ? 'The program' : `${call}(${cut(given.map((value) => JSON.stringify(value)).join(', '))})`
}

function cut(text: string): string {
  return text.length <= 200 ? text : `${text.slice(0, 200)}…`
}

function fail(state: string, reason: string): Verdict {
  return { type: 'fail', check: `code.${state}`, reason }
}

/** `undefined` for what is no JSON. */
function readResult(text: string | null | undefined): JsonValue | undefined {
  return text === null || text === undefined ? undefined : (JSON.parse(text) as JsonValue) // written by the interpreter
}

/** Numbers may differ by rounding; the order of members does not count. */
function isSame(wanted: JsonValue, got: JsonValue | undefined): boolean {
  if (typeof wanted === 'number' && typeof got === 'number')
    return Math.abs(wanted - got) <= 1e-9 * Math.max(1, Math.abs(wanted))
  if (Array.isArray(wanted))
    return Array.isArray(got) && got.length === wanted.length && wanted.every((item, at) => isSame(item, got[at]))
  if (isJsonObject(wanted)) {
    if (!isJsonObject(got)) return false
    const names = Object.keys(wanted)
    return (
      names.length === Object.keys(got).length &&
      names.every((name) => Object.hasOwn(got, name) && isSame(wanted[name] ?? null, got[name]))
    )
  }
  return wanted === got
}
