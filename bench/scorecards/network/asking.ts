import { configSchema, type ModelNode } from '../../../src/config/index.ts'
import { collectAnswer } from '../../../src/core/answer.ts'
import { createRootCall } from '../../../src/core/call.ts'
import { createChat, type ChatRequest } from '../../../src/core/chat.ts'
import { createIds } from '../../../src/core/ids.ts'
import type { Model } from '../../../src/core/model.ts'
import { createSeededRandom } from '../../../src/core/random.ts'
import { createFakeClock } from '../../../src/core/time.ts'
import { createModelTree, type Router } from '../../../src/models/index.ts'
import type { ToldEndpoints } from '../../kit/told-endpoints.ts'

/** A model as the configuration describes it, over endpoints that say what they are told to. */
export function build(node: unknown, endpoints: ToldEndpoints, router?: Router): Model {
  const routers = {
    find: () => (router === undefined ? undefined : { router, certificate: undefined }),
    names: () => ['r'],
  }
  const config: Readonly<Record<string, ModelNode>> = configSchema.parse({ models: { it: node } }).models
  const tree = createModelTree({ config, endpoints, nodeKinds: [], clock: createFakeClock(0), routers })
  const model = tree.find('it')
  if (model === undefined) throw new Error('the tree lost its model')
  return model
}

export async function ask(model: Model, text: string): Promise<string> {
  const clock = createFakeClock(0)
  const call = createRootCall(
    { clock, ids: createIds({ clock, random: createSeededRandom(1) }) },
    {
      name: model.id,
      principal: { tenant: 't', keyId: 'k', role: 'member', models: undefined, regions: undefined },
      labels: { allowedRegions: ['local'] },
      durationMsMax: 1_000_000,
    },
  )
  const chat = createChat({ messages: [{ role: 'user', parts: [{ type: 'text', text }] }] })
  const request: ChatRequest = { model: 'it', stream: false, outputTokensMax: undefined, wire: undefined, chat }
  return (await collectAnswer(await model.answer(request, call))).text
}
