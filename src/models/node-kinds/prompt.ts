import type { PromptNode } from '../../config/index.ts'
import { withChat, type Chat, type ChatRequest, type Message } from '../../core/chat.ts'
import { PlatformError } from '../../core/errors.ts'
import type { JsonValue } from '../../core/json.ts'
import type { NodeKind } from '../../core/node-kind.ts'
import type { Clock } from '../../core/time.ts'
import { findQuestion } from '../conditions/index.ts'
import { openChild } from './asking.ts'
import { buildChat, fault } from './building.ts'
import { chatTraits, varyBy } from './traits.ts'

type Settings = PromptNode['prompt']
type Variables = NonNullable<Settings['variables']>

const inputName = 'input'
const textLengthMaxDefault = 10_000

/** A template with a version around the request; its variables are given by the request, and checked. */
export function createPromptKind({ clock }: { readonly clock: Clock }): NodeKind<PromptNode> {
  return {
    key: 'prompt',
    create({ prompt }, place) {
      const path = `${place.path}.prompt`
      requireTemplate(prompt, path)
      const child = buildChat(place, prompt.use, `${path}.use`)
      return {
        id: place.id,
        traits: varyBy(chatTraits([child.traits], 'one-of'), prompt.variables === undefined ? [] : ['variables']),
        answer(request, call) {
          call.note({ prompt: { version: prompt.version } })
          const asked = withChat(request, fill(prompt, request))
          return openChild({ clock, child, request: asked, call, detail: { node: 'prompt', version: prompt.version } })
        },
      }
    },
  }
}

/** Every name of the template is a variable, every variable stands in it. Throws CONFIG_INVALID. */
function requireTemplate({ system, user, variables = {} }: Settings, path: string): void {
  if (system === undefined && user === undefined)
    throw fault(path, 'a prompt has a template; give system, user or both')
  if (user !== undefined && !findNames(user).includes(inputName))
    throw fault(`${path}.user`, 'the question would be lost; put {{input}} where it belongs')
  if (system !== undefined && findNames(system).includes(inputName))
    throw fault(`${path}.system`, '{{input}} is the question, which stands in user; use another variable')
  if (Object.hasOwn(variables, inputName))
    throw fault(`${path}.variables.${inputName}`, 'input is the question; give the variable another name')
  const used = new Set([...findNames(system ?? ''), ...findNames(user ?? '')])
  const unknown = [...used].find((name) => name !== inputName && !Object.hasOwn(variables, name))
  if (unknown !== undefined)
    throw fault(`${path}.variables`, `the template asks for {{${unknown}}}, which is no variable; add it`)
  for (const [name, variable] of Object.entries(variables)) {
    const at = `${path}.variables.${name}`
    if (!used.has(name)) throw fault(at, `no template asks for {{${name}}}; use or remove it`)
    if ((variable.type === 'choice') !== (variable.choices !== undefined))
      throw fault(`${at}.choices`, 'choices belong to the type choice, and a choice needs them')
    if (variable.default !== undefined && findFault(variable, variable.default) !== undefined)
      throw fault(`${at}.default`, `the default ${findFault(variable, variable.default)}`)
  }
}

function fill(prompt: Settings, request: ChatRequest): Chat {
  const values = readVariables(prompt.variables ?? {}, request)
  const { chat } = request
  let { messages } = chat
  if (prompt.user !== undefined) {
    const text = replaceNames(prompt.user, new Map([...values, [inputName, findQuestion(request)]]))
    messages = replaceQuestion(messages, text)
  }
  if (prompt.system === undefined) return { ...chat, messages }
  const system: Message = { role: 'system', parts: [{ type: 'text', text: replaceNames(prompt.system, values) }] }
  return { ...chat, messages: [system, ...messages] }
}

/** The text of the last question, replaced; its pictures and files stay. */
function replaceQuestion(messages: readonly Message[], text: string): readonly Message[] {
  const last = messages.findLastIndex(({ role }) => role === 'user')
  if (last === -1)
    throw new PlatformError('INVALID_REQUEST', 'there is no question: the template needs a user message', {
      param: 'messages',
    })
  return messages.map((message, index) => {
    if (index !== last) return message
    const others = message.parts.filter(({ type }) => type !== 'text')
    return { ...message, parts: [{ type: 'text', text }, ...others] }
  })
}

/** Throws INVALID_REQUEST for one that is missing, of the wrong type, or not known. */
function readVariables(variables: Variables, { aside }: ChatRequest): ReadonlyMap<string, string> {
  const given = aside?.variables ?? {}
  const stranger = Object.keys(given).find((name) => !Object.hasOwn(variables, name))
  if (stranger !== undefined) {
    const known = Object.keys(variables).join(', ')
    throw refuse(stranger.slice(0, 64), `is not known; the prompt has ${known === '' ? 'no variables' : known}`)
  }
  const values = new Map<string, string>()
  for (const [name, variable] of Object.entries(variables)) {
    const value = given[name] ?? variable.default
    if (value === undefined) throw refuse(name, `is missing; it has to be ${describeType(variable)}`)
    const problem = findFault(variable, value)
    if (problem !== undefined) throw refuse(name, problem)
    values.set(name, typeof value === 'string' ? value : JSON.stringify(value))
  }
  return values
}

/** Why a value is none of that variable's; `undefined` when it is one. */
function findFault(variable: Variables[string], value: JsonValue): string | undefined {
  const wanted = `has to be ${describeType(variable)}`
  switch (variable.type) {
    case 'text':
      if (typeof value !== 'string') return wanted
      return value.length > (variable.lengthMax ?? textLengthMaxDefault) ? wanted : undefined
    case 'number':
      return typeof value === 'number' && Number.isFinite(value) ? undefined : wanted
    case 'whole':
      return typeof value === 'number' && Number.isSafeInteger(value) ? undefined : wanted
    case 'boolean':
      return typeof value === 'boolean' ? undefined : wanted
    case 'choice':
      return typeof value === 'string' && variable.choices?.includes(value) === true ? undefined : wanted
  }
}

function describeType({ type, choices, lengthMax }: Variables[string]): string {
  switch (type) {
    case 'text':
      return `a text of at most ${lengthMax ?? textLengthMaxDefault} characters`
    case 'number':
      return 'a number'
    case 'whole':
      return 'a whole number'
    case 'boolean':
      return 'true or false'
    case 'choice':
      return `one of ${(choices ?? []).join(', ')}`
  }
}

function refuse(name: string, problem: string): PlatformError {
  const param = `strata.variables.${name}`
  return new PlatformError('INVALID_REQUEST', `${param} ${problem}`, { param })
}

const placeholder = /\{\{\s*([a-zA-Z][a-zA-Z0-9_]*)\s*\}\}/g

function findNames(template: string): readonly string[] {
  return [...template.matchAll(placeholder)].map(([, name = '']) => name)
}

/** In one pass, so that a value that looks like a placeholder stays what it is. */
function replaceNames(template: string, values: ReadonlyMap<string, string>): string {
  return template.replace(placeholder, (whole, name: string) => values.get(name) ?? whole)
}
