import { createHash } from 'node:crypto'
import type { ExperimentNode } from '../../config/index.ts'
import type { Call } from '../../core/call.ts'
import type { ChatRequest } from '../../core/chat.ts'
import type { Model, Variation } from '../../core/model.ts'
import type { NodeKind } from '../../core/node-kind.ts'
import type { Clock } from '../../core/time.ts'
import { openChild } from './asking.ts'
import { buildChat, fault } from './building.ts'
import { chatTraits, varyBy } from './traits.ts'

type Settings = ExperimentNode['experiment']

/** One arm with the share of those who get it, 0…1. */
interface Arm {
  readonly name: string
  readonly model: Model
  readonly share: number
}

/**
 * Gives everybody one of several models and keeps to it, by a hash of who they are: nothing is stored, every replica
 * decides the same. The record holds the arm, its share and who was drawn, so that arms can be compared by those who were
 * drawn, which is what was randomised.
 */
export function createExperimentKind({ clock }: { readonly clock: Clock }): NodeKind<ExperimentNode> {
  return {
    key: 'experiment',
    create({ experiment }, place) {
      const path = `${place.path}.experiment`
      requireSettings(experiment, path)
      const arms = buildArms(experiment, {
        path,
        build: (node, at) => buildChat(place, node, at),
      })
      const answering = chatTraits(
        arms.map(({ model }) => model.traits),
        'one-of',
      )
      const traits = varyBy(answering, variationOf(experiment))
      const salt = experiment.salt ?? ''
      return {
        id: place.id,
        traits,
        answer(request, call) {
          const unit = findUnit(experiment, request, call)
          const draw = hashToUnit(JSON.stringify([place.id, salt, call.principal.tenant, unit.value]))
          const arm = pick(arms, draw.fraction)
          const said = { name: place.id, arm: arm.name, share: arm.share, by: unit.by, unit: draw.id }
          call.note({ experiment: said })
          const detail = { node: 'experiment', arm: arm.name }
          return openChild({ clock, child: arm.model, request, call, detail })
        },
      }
    },
  }
}

function requireSettings({ by, header, arms }: Settings, path: string): void {
  if ((by === 'header') !== (header !== undefined))
    throw fault(`${path}.header`, 'by: header and the name of the header go together; give both or neither')
  if (header !== undefined && (!/^x-/i.test(header) || header.toLowerCase() === 'x-api-key'))
    throw fault(`${path}.header`, 'use a header that begins with x- and holds no credential')
  const names = Object.keys(arms)
  if (names.length < 2) throw fault(`${path}.arms`, 'an experiment compares two arms at least; add one')
  const idle = names.find((name) => arms[name]?.weight === 0)
  if (idle !== undefined)
    throw fault(`${path}.arms.${idle}`, 'with a weight of 0 it is never reached; raise or remove it')
}

function buildArms(
  { arms }: Settings,
  { path, build }: { readonly path: string; readonly build: (node: string | object, at: string) => Model },
): readonly Arm[] {
  const entries = Object.entries(arms)
  const total = entries.reduce((sum, [, { weight }]) => sum + (weight ?? 1), 0)
  return entries.map(([name, { use, weight }]) => ({
    name,
    model: build(use, `${path}.arms.${name}.use`),
    share: (weight ?? 1) / total,
  }))
}

/** The same chat gets another arm for others. Who does not say who they are is taken by the key. */
function variationOf({ by = 'key', header = '' }: Settings): readonly Variation[] {
  switch (by) {
    case 'key':
      return ['key']
    case 'user':
      return ['key', 'user']
    case 'header':
      return ['key', `header ${header.toLowerCase()}`]
    case 'tenant':
    case 'conversation':
      return [] // a cache never crosses tenants, and the conversation is the chat
  }
}

interface Unit {
  readonly by: string
  readonly value: string
}

/** Who keeps to one arm. Who does not say who they are is taken by the key, and the record says so. */
function findUnit({ by = 'key', header }: Settings, request: ChatRequest, { principal }: Call): Unit {
  const value = ((): string | undefined => {
    switch (by) {
      case 'key':
        return principal.keyId
      case 'tenant':
        return principal.tenant
      case 'user':
        return request.chat.user
      case 'conversation': {
        const first = request.chat.messages.find(({ role }) => role === 'user')
        return first === undefined ? undefined : JSON.stringify(first.parts)
      }
      case 'header':
        return header === undefined ? undefined : request.aside?.headers[header.toLowerCase()]
    }
  })()
  return value === undefined ? { by: 'key', value: principal.keyId } : { by, value }
}

/** The first 52 bits of a hash as a number in 0…1, and a short name that tells nothing of who it is. */
function hashToUnit(text: string): { readonly fraction: number; readonly id: string } {
  const hex = createHash('sha256').update(text).digest('hex')
  return { fraction: Number.parseInt(hex.slice(0, 13), 16) / 2 ** 52, id: hex.slice(16, 32) }
}

function pick(arms: readonly Arm[], fraction: number): Arm {
  let passed = 0
  for (const arm of arms) {
    passed += arm.share
    if (fraction < passed) return arm
  }
  const last = arms.at(-1)
  if (last === undefined) throw new RangeError('an experiment has arms')
  return last
}
