import { existsSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { Tiktoken } from 'js-tiktoken/lite'
import cl100k from 'js-tiktoken/ranks/cl100k_base'
import o200k from 'js-tiktoken/ranks/o200k_base'
import {
  runCutVendors,
  runRecordedCuts,
  toPieces,
  type CutVendor,
  type CutVendorFigures,
} from '../../test/kit/cuts/index.ts'
import { createTokenCounter, loadTokenizer } from '../../src/infrastructure/tokenizers/index.ts'
import { readSpanSet, readSquadSet } from '../kit/question-sets.ts'
import type { Measurement } from '../kit/report.ts'
import type { Scorecard } from '../kit/scorecard.ts'

const ranksFolder = resolve(import.meta.dirname, '../../node_modules/js-tiktoken/dist/ranks')

interface TokenizedVendor extends CutVendor {
  /** As the configuration names it. */
  readonly encoding: string
}

/** Answers of each vendor that come whole before those that break off, as in any traffic. */
const whole = 100
const cut = 100

/** What is charged for a stream that breaks off. */
export const scorecard: Scorecard = {
  name: 'stream-cut',
  purpose: `every recorded stream broken off behind each event; ${cut} streams of each of 30 vendors whose tokens are known, broken off at random, with the tokenizer configured and without`,
  async run({ dataFolder, seed, print }): Promise<Measurement> {
    const recorded = await runRecordedCuts(print)
    print(`${recorded.bodies} bodies, ${recorded.cuts} cuts, ${recorded.charged} charged`)
    const vendors = listVendors(dataFolder)
    const figures = vendors === undefined ? [] : await runCutVendors({ vendors, seed, whole, cut })
    const known =
      vendors === undefined ? [] : await runCutVendors({ vendors: vendors.map(withTokenizer), seed, whole, cut })
    for (const vendor of [...figures, ...known]) print(describe(vendor))
    const counts = vendors === undefined ? undefined : await countTexts(vendors)
    const none = ['=', 0] as const
    return {
      figures: {
        recordedBodies: recorded.bodies,
        cuts: recorded.cuts,
        charged: recorded.charged,
        belowInput: recorded.belowInput,
        aboveHold: recorded.aboveHold,
        free: recorded.free,
        unpriced: recorded.unpriced,
        unbooked: Number(recorded.unbooked),
        overruns: recorded.overruns,
        ...(vendors === undefined ? {} : { ...toFigures(figures), ...toKnownFigures(known) }),
        ...counts,
      },
      promised: {
        cuts: ['>=', 250],
        belowInput: none,
        aboveHold: none,
        free: none,
        unbooked: none,
        overruns: none,
        outputErrorOfAll: ['<=', 0.01],
        inputErrorOfAll: ['<=', 0.01],
        ...promisedWithTokenizer,
      },
      unmeasured:
        vendors === undefined ? ['outputErrorOfAll', 'inputErrorOfAll', ...Object.keys(promisedWithTokenizer)] : [],
    }
  },
}

/** Of each single stream and each single request. */
const promisedWithTokenizer: Measurement['promised'] = {
  errorP95WithTokenizer: ['<=', 0.01],
  errorMostWithTokenizer: ['<=', 0.01],
  errorP95WithTokenizerAndUnseenTokens: ['<=', 0.01],
  inputErrorP95WithTokenizer: ['<=', 0.01],
  textsCounted: ['>=', 4_000],
  textsCountedOtherwise: ['=', 0],
}

function withTokenizer(vendor: TokenizedVendor): TokenizedVendor {
  return { ...vendor, name: `${vendor.name}-known`, tokenizer: vendor.encoding }
}

function toKnownFigures(vendors: readonly CutVendorFigures[]): Record<string, number> {
  const sorted = (errors: readonly (readonly number[])[]): readonly number[] =>
    errors.flat().toSorted((one, other) => one - other)
  const shown = sorted(vendors.map(({ shownErrors }) => shownErrors))
  const all = sorted(vendors.map(({ errors }) => errors))
  const input = sorted(vendors.map(({ inputErrors }) => inputErrors))
  return {
    errorP50WithTokenizer: quantile(shown, 0.5),
    errorP95WithTokenizer: quantile(shown, 0.95),
    errorMostWithTokenizer: shown.at(-1) ?? Number.NaN,
    errorP95WithTokenizerAndUnseenTokens: quantile(all, 0.95),
    errorMostWithTokenizerAndUnseenTokens: all.at(-1) ?? Number.NaN,
    inputErrorP50WithTokenizer: quantile(input, 0.5),
    inputErrorP95WithTokenizer: quantile(input, 0.95),
    inputErrorMostWithTokenizer: input.at(-1) ?? Number.NaN,
  }
}

/** Each text counted by Strata and by the public implementation: how many, and how many otherwise. */
async function countTexts(vendors: readonly TokenizedVendor[]): Promise<Record<string, number>> {
  const found = { textsCounted: 0, textsCountedOtherwise: 0 }
  for (const { encoding, tokenize, texts } of vendors.filter(
    ({ name }) => name.includes('-one-') && !name.endsWith('mixed'),
  )) {
    const path = join(ranksFolder, `${encoding}.js`)
    const counter = createTokenCounter(await loadTokenizer({ type: 'ranks', path }))
    for (const text of texts) {
      found.textsCounted++
      if (counter.count(text) !== tokenize(text).length) found.textsCountedOtherwise++
    }
  }
  return found
}

function toFigures(vendors: readonly CutVendorFigures[]): Record<string, number> {
  const sum = (key: 'tokens' | 'estimated' | 'inputTokens' | 'inputEstimated'): number =>
    vendors.reduce((total, vendor) => total + vendor[key], 0)
  const errorsOf = (isToken: boolean): readonly number[] =>
    vendors
      .filter(({ grouping }) => (grouping === 'one') === isToken)
      .flatMap(({ errors }) => errors)
      .toSorted((one, other) => one - other)
  return {
    outputErrorOfAll: Math.abs(sum('estimated') / sum('tokens') - 1),
    outputErrorOfVendorMost: Math.max(...vendors.map(({ tokens, estimated }) => Math.abs(estimated / tokens - 1))),
    inputErrorOfAll: Math.abs(sum('inputEstimated') / sum('inputTokens') - 1),
    errorP50WhereEventsAreTokens: quantile(errorsOf(true), 0.5),
    errorP95WhereEventsAreTokens: quantile(errorsOf(true), 0.95),
    errorP50WhereEventsAreGroups: quantile(errorsOf(false), 0.5),
    errorP95WhereEventsAreGroups: quantile(errorsOf(false), 0.95),
  }
}

function describe({ name, tokens, estimated, errors }: CutVendorFigures): string {
  const percent = (share: number): string => `${(100 * share).toFixed(2)} %`
  const each = `each ${percent(quantile(errors, 0.5))} (median), ${percent(quantile(errors, 0.95))} (95 %)`
  return `${name}: ${tokens} tokens, all together ${percent(estimated / tokens - 1)} off, ${each}`
}

function quantile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN
}

/** Two tokenizers, three ways to group tokens, four kinds of text and all of them together; `undefined` without the texts. */
function listVendors(dataFolder: string): readonly TokenizedVendor[] | undefined {
  const kinds = readTexts(dataFolder)
  if (kinds === undefined) return undefined
  const tokenizers = { o200k: toPieces(new Tiktoken(o200k)), cl100k: toPieces(new Tiktoken(cl100k)) }
  return Object.entries(tokenizers).flatMap(([tokenizer, tokenize]) =>
    (['one', 'few', 'moment'] as const).flatMap((grouping) =>
      Object.entries(kinds).map(([kind, texts]) => ({
        name: `${tokenizer}-${grouping}-${kind}`,
        encoding: `${tokenizer}_base`,
        tokenize,
        grouping,
        texts,
      })),
    ),
  )
}

function readTexts(dataFolder: string): Readonly<Record<string, readonly string[]>> | undefined {
  const english = readSpanSet('chunking', join(dataFolder, 'retrieval/chunking_eval'))
  const chinese = readSquadSet('drcd', join(dataFolder, 'retrieval/drcd/DRCD_test.json'))
  const code = join(dataFolder, 'retrieval/contextual/codebase_chunks.json')
  const json = join(dataFolder, 'openai/openapi.json')
  if (english === undefined || chinese === undefined || !existsSync(code) || !existsSync(json)) return undefined
  const documents = JSON.parse(readFileSync(code, 'utf8')) as { readonly content: string }[] // a published file of known form
  const texts = {
    english: english.paragraphs.map(({ text }) => text),
    chinese: chinese.paragraphs.map(({ text }) => text),
    code: documents.map(({ content }) => content.slice(0, 2_000)),
    json: (readFileSync(json, 'utf8').match(/[\s\S]{1,1200}/g) ?? []).slice(0, 2_000),
  }
  const least = Math.min(...Object.values(texts).map((each) => each.length))
  return { ...texts, mixed: Object.values(texts).flatMap((each) => each.slice(0, least)) }
}
