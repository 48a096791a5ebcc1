import { languages, tasks, type RouteNode } from '../../config/index.ts'
import type { Call } from '../../core/call.ts'
import type { ChatRequest } from '../../core/chat.ts'
import { PlatformError } from '../../core/errors.ts'
import type { JsonObject } from '../../core/json.ts'
import type { Answer, Model, Variation } from '../../core/model.ts'
import type { NodeKind, NodePlace } from '../../core/node-kind.ts'
import {
  createSignalReader,
  decide,
  findUnreachable,
  toCondition,
  type Condition,
  type Signal,
} from '../conditions/index.ts'
import { openChild } from './asking.ts'
import { buildChat, createPassThrough, fault } from './building.ts'
import { createLearnedChoice } from './route-learned.ts'
import type { KindDeps } from './kind-deps.ts'
import { chatTraits, varyBy, withHelpers } from './traits.ts'

/** What a route has chosen, and what the record says of it. */
export interface Choice {
  readonly child: Model
  readonly branch: string
  readonly notes: JsonObject
}

/** At once, unless a model has to be asked first. */
export type Choose = (asked: { readonly request: ChatRequest; readonly call: Call }) => Choice | Promise<Choice>

/** One of several models, chosen by the request: by rules over its signals, by what a router has learned, or by a table. */
export function createRouteKind(deps: KindDeps): NodeKind<RouteNode> {
  return {
    key: 'route',
    create(node, place) {
      const { children, helpers = [], varies = [], choose } = createChoice(deps, node, place)
      const answering = chatTraits(
        children.map((child) => child.traits),
        'one-of',
      )
      const whole = withHelpers(
        answering,
        helpers.map((helper) => helper.traits),
      )
      const traits = varyBy(whole, varies)
      const [only] = children
      if (isRules(node.route) && children.length === 1 && only !== undefined) {
        return createPassThrough(place.id, traits, only)
      }
      return {
        id: place.id,
        traits,
        answer(request, call) {
          const open = ({ child, branch, notes }: Choice): Promise<Answer> => {
            call.note(notes)
            return openChild({ clock: deps.clock, child, request, call, detail: { node: 'route', branch } })
          }
          const choice = choose({ request, call })
          return choice instanceof Promise ? choice.then(open) : open(choice)
        },
      }
    },
  }
}

interface Built {
  readonly children: readonly Model[]
  /** Models that are asked before one is chosen. */
  readonly helpers?: readonly Model[]
  /** What of a request decides, beside its chat and labels. */
  readonly varies?: readonly Variation[]
  readonly choose: Choose
}

function createChoice(deps: KindDeps, node: RouteNode, place: NodePlace): Built {
  const { route, guarantee } = node
  if (isRules(route)) {
    if (guarantee !== undefined)
      throw fault(`${place.path}.guarantee`, 'rules give no guarantee of quality; use route.learned, or remove it')
    return createRuleChoice(deps, route, place)
  }
  if ('learned' in route) return createLearnedChoice(deps, { route, guarantee }, place)
  if (guarantee !== undefined)
    throw fault(`${place.path}.guarantee`, 'a table gives no guarantee of quality; use route.learned, or remove it')
  return createTableChoice(deps, route, place)
}

type Rules = Extract<RouteNode['route'], readonly unknown[]>
type Table = Extract<RouteNode['route'], { readonly by: string }>

function isRules(route: RouteNode['route']): route is Rules {
  return Array.isArray(route)
}

function createRuleChoice(deps: KindDeps, rules: Rules, place: NodePlace): Built {
  const path = `${place.path}.route`
  const conditions = rules.map(({ when }, index): Condition | undefined =>
    when === undefined ? undefined : toCondition(when, { ...conditionPlace(deps), path: `${path}[${index}].when` }),
  )
  requireReachable(conditions, path)
  const children = rules.map(({ use }, index) => buildChat(place, use, `${path}[${index}].use`))
  return {
    children,
    varies: conditions.flatMap((condition) => (condition === undefined ? [] : variationsOf(condition))),
    choose(asked) {
      const read = createSignalReader(deps, asked)
      const taken = conditions.findIndex((condition) => condition === undefined || decide(condition, read) === true)
      const child = children[taken]
      if (child === undefined) throw new PlatformError('INTERNAL', 'a route has no rule that always holds')
      const condition = conditions[taken]
      const because = condition === undefined ? {} : { because: listKnown(condition, read) }
      return { child, branch: String(taken), notes: { route: { by: 'rules', branch: taken, ...because } } }
    },
  }
}

function conditionPlace({ endpoints, personal }: KindDeps): Omit<Parameters<typeof toCondition>[1], 'path'> {
  return { hasEndpoint: (id) => endpoints.findTraits(id) !== undefined, personalTypes: personal?.types ?? [] }
}

/** The last rule always holds, and no other is shut out by those before it. */
function requireReachable(conditions: readonly (Condition | undefined)[], path: string): void {
  const last = conditions.length - 1
  if (conditions[last] !== undefined) {
    throw fault(
      `${path}[${last}].when`,
      'what is unknown meets no condition, so the last rule must always hold; add one with `use` alone',
    )
  }
  const always = conditions.indexOf(undefined)
  if (always < last)
    throw fault(
      `${path}[${always + 1}]`,
      `it is never reached, because rule ${always} always holds; move that one to the end`,
    )
  const [first] = findUnreachable(conditions)
  if (first === undefined) return
  const { rule, type } = first
  throw type === 'contradiction'
    ? fault(`${path}[${rule}].when`, 'no request can meet it; mend or remove it')
    : fault(`${path}[${rule}].when`, 'whatever meets it meets an earlier rule; move it up or remove it')
}

function variationsOf(condition: Condition): readonly Variation[] {
  if ('parts' in condition) return condition.parts.flatMap(variationsOf)
  if ('part' in condition) return variationsOf(condition.part)
  const { signal } = condition
  if (signal.type === 'header') return [`header ${signal.name}`]
  return signal.type === 'plain' && signal.name === 'key' ? ['key'] : []
}

/** What the chosen rule knew, without content: names of signals and what they were. */
function listKnown(
  condition: Condition,
  read: (signal: Signal) => ReturnType<ReturnType<typeof createSignalReader>>,
): JsonObject {
  const known: Record<string, string> = {}
  const visit = (part: Condition): void => {
    if ('parts' in part) part.parts.forEach(visit)
    else if ('part' in part) visit(part.part)
    else if (part.signal.type === 'plain') known[part.signal.key] = describeValue(read(part.signal))
  }
  visit(condition)
  return known
}

function describeValue(value: ReturnType<ReturnType<typeof createSignalReader>>): string {
  if (value === undefined) return 'unknown'
  if (typeof value === 'object') return [...value].join(' ')
  return typeof value === 'symbol' ? 'absent' : String(value)
}

function createTableChoice(deps: KindDeps, { by, table, else: otherwise }: Table, place: NodePlace): Built {
  const path = `${place.path}.route`
  const domain = domains[by]
  for (const value of Object.keys(table)) {
    if (domain === undefined || domain.includes(value)) continue
    throw fault(`${path}.table.${value}`, `${by} is never "${value}"; it is one of ${domain.join(', ')}`)
  }
  const models = new Map(
    Object.entries(table).map(([value, node]) => [value, buildChat(place, node, `${path}.table.${value}`)]),
  )
  const fallback = buildChat(place, otherwise, `${path}.else`)
  const signal: Signal = { key: by, type: 'plain', name: by }
  return {
    children: [...models.values(), fallback],
    varies: by === 'key' ? ['key'] : [],
    choose(asked) {
      const value = createSignalReader(deps, asked)(signal)
      const found = typeof value === 'string' ? models.get(value) : undefined
      const branch = found === undefined || typeof value !== 'string' ? 'else' : value
      return { child: found ?? fallback, branch, notes: { route: { by, branch } } }
    },
  }
}

const domains: Readonly<Record<Table['by'], readonly string[] | undefined>> = {
  language: languages,
  task: tasks,
  effort: ['none', 'minimal', 'low', 'medium', 'high', 'xhigh', 'max'],
  tenant: undefined,
  key: undefined,
}
