import type { VoteNode } from '../../config/index.ts'
import type { Call } from '../../core/call.ts'
import type { ChatRequest } from '../../core/chat.ts'
import { PlatformError } from '../../core/errors.ts'
import type { Answer, Model } from '../../core/model.ts'
import type { NodeKind } from '../../core/node-kind.ts'
import type { Clock } from '../../core/time.ts'
import {
  createBallot,
  leadIsFinal,
  mayStop,
  votesNeeded,
  type Ballot,
  type KeyKind,
  type Tally,
} from '../answers/index.ts'
import { replayAnswer, sumUsage } from './asking.ts'
import { buildEmbedder, buildSeveral, fault, type Embedder } from './building.ts'
import { toEmbedText } from './embedding.ts'
import { takeSamples, type Sample } from './sampling.ts'
import { chatTraits, repeatTraits, withHelpers } from './traits.ts'

/** Asks several times and answers with what most samples agree on; stops as soon as that is certain enough. */
export function createVoteKind({ clock }: { readonly clock: Clock }): NodeKind<VoteNode> {
  return {
    key: 'vote',
    create({ vote }, place) {
      const path = `${place.path}.vote`
      const models = buildSeveral(place, vote.of, `${path}.of`)
      const samplesMax = vote.n ?? (models.length > 1 ? models.length : 8)
      if (samplesMax < models.length)
        throw fault(
          `${path}.n`,
          `${samplesMax} samples do not reach all ${models.length} models; raise n, or name fewer`,
        )
      const kind = vote.key ?? 'answer'
      if ((kind === 'semantic') !== (vote.embedder !== undefined))
        throw fault(`${path}.embedder`, 'the key semantic and an embedder go together; give both or neither')
      const embedder = vote.embedder === undefined ? undefined : buildEmbedder(place, vote.embedder, `${path}.embedder`)
      const { confidence = 0.95, parallel = 2, temperature } = vote
      const confidenceMin = vote.stop === 'all' ? 2 : confidence
      const options = { clock, models, samplesMax, kind, embedder, confidence: confidenceMin, parallel, temperature }
      return {
        id: place.id,
        traits: toTraits(options),
        answer: (request, call) => answerByVote(options, request, call),
      }
    },
  }
}

interface VoteOptions {
  readonly clock: Clock
  readonly models: readonly Model[]
  readonly samplesMax: number
  readonly kind: KeyKind
  readonly embedder: Embedder | undefined
  /** Above 1 the vote ends only when nothing can change any more. */
  readonly confidence: number
  readonly parallel: number
  readonly temperature: number | undefined
}

function toTraits({ models, samplesMax, embedder }: VoteOptions): Model['traits'] {
  const shares = models.map((model, index) =>
    repeatTraits(model.traits, Math.ceil((samplesMax - index) / models.length)),
  )
  const helpers = embedder === undefined ? [] : [repeatTraits(embedder.traits, samplesMax)]
  return withHelpers(chatTraits(shares, 'all-of'), helpers)
}

async function answerByVote(options: VoteOptions, request: ChatRequest, call: Call): Promise<Answer> {
  const { clock, models, samplesMax, kind, embedder, confidence, parallel, temperature } = options
  const samples: Sample[] = []
  const embed = embedder === undefined ? undefined : toEmbedText(embedder, call)
  const ballot = createBallot<Sample>({ kind, answerOf: (sample) => sample.answer.complete, embed })
  const sampling = { clock, models, request, call, temperature, parallel, samplesMax }
  const { asked, failure, isCut } = await takeSamples(
    { ...sampling, detail: (sample) => ({ node: 'vote', sample }) },
    {
      wanted(left) {
        const tally = toTally(ballot, left)
        return samples.length > 0 && mayStop(tally, confidence) ? 0 : Math.min(left, votesNeeded(tally, confidence))
      },
      async onSample(sample) {
        samples.push(sample)
        await ballot.add(sample)
      },
    },
  )
  const clusters = ballot.clusters()
  const winner = clusters[0]?.items[0] ?? samples[0]
  if (winner === undefined) throw failure ?? new PlatformError('INTERNAL', 'a vote ended without a sample')
  // Samples that failed might have changed it.
  const tally = toTally(ballot, samplesMax - samples.length)
  call.note({
    vote: {
      samples: asked,
      samplesMax,
      votes: clusters.map(({ items }) => items.length),
      confidence: Math.round(leadIsFinal(tally) * 10_000) / 10_000,
    },
    ...(isCut && !mayStop(tally, confidence) ? { cut: { node: 'vote', by: failure?.code ?? 'BUDGET_SPENT' } } : {}),
  })
  return replayAnswer(
    winner.answer,
    sumUsage(samples.filter((sample) => sample !== winner).map(({ answer }) => answer)),
  )
}

function toTally(ballot: Ballot<Sample>, left: number): Tally {
  const [first, second] = ballot.clusters()
  return { leader: first?.items.length ?? 0, runnerUp: second?.items.length ?? 0, left }
}
