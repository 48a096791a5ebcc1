import type { Verb } from '../command.ts'

/** Every verb of the command line, in the order of help. What one does is loaded when it is called, see ARCHITECTURE.md. */
export const verbs: readonly Verb[] = Object.freeze([
  {
    name: 'start',
    summary: 'Serves until it is told to stop.',
    load: async () => (await import('./start.ts')).start,
  },
  {
    name: 'ask',
    summary: 'Asks a model once; prints the answer, its evidence, route and cost.',
    load: async () => (await import('./ask.ts')).ask,
  },
  {
    name: 'models',
    summary: 'Lists the models with their worst case: regions, calls and cost of one request.',
    load: async () => (await import('./models.ts')).models,
  },
  {
    name: 'keys',
    summary: 'Makes, lists, rotates and revokes keys. A key is shown once.',
    load: async () => (await import('./keys.ts')).keys,
  },
  {
    name: 'ingest',
    summary: 'Takes in a document of any format, or every one below a folder.',
    load: async () => (await import('./ingest.ts')).ingest,
  },
  {
    name: 'parse',
    summary: 'Reads a document of any format; prints it as Markdown, or with its pages and places as JSON.',
    load: async () => (await import('./parse.ts')).parse,
  },
  {
    name: 'search',
    summary: 'Searches knowledge; prints the passages with their exact places.',
    load: async () => (await import('./search.ts')).search,
  },
  {
    name: 'sources',
    summary: 'Shows the sources of the configuration, and synchronises them.',
    load: async () => (await import('./sources.ts')).sources,
  },
  {
    name: 'knowledge',
    summary:
      'Shows collections, deletes with a receipt, checks what is there and what is gone, compares generations of vectors, and has a model write contexts of passages, with what that gains.',
    load: async () => (await import('./knowledge.ts')).knowledge,
  },
  {
    name: 'privacy',
    summary:
      'Finds personal data in a document of any format: types, places and why; names and addresses with --model. What is found is printed in full only with --show.',
    load: async () => (await import('./privacy.ts')).privacy,
  },
  {
    name: 'duplicates',
    summary: 'Finds files below a folder that say the same: letter by letter, but for form, or most of it.',
    load: async () => (await import('./duplicates.ts')).duplicates,
  },
  {
    name: 'copyright',
    summary: 'Says what a work may be used for, or which stretches of a text stand in others word by word.',
    load: async () => (await import('./copyright.ts')).copyright,
  },
  {
    name: 'calls',
    summary: 'Lists the latest calls, or shows one as the tree it grew.',
    load: async () => (await import('./calls.ts')).calls,
  },
  {
    name: 'experiment',
    summary: 'Compares the arms of an experiment by its subjects, as often as one likes to look.',
    load: async () => (await import('./experiment.ts')).experiment,
  },
  {
    name: 'forecast',
    summary: 'What the series of a CSV file will do: medians, intervals, and when an amount is used up.',
    load: async () => (await import('./forecast.ts')).forecast,
  },
  {
    name: 'what-if',
    summary: 'Replays recorded calls with something changed: what is served, refused, spent, and how long it takes.',
    load: async () => (await import('./what-if.ts')).whatIf,
  },
  {
    name: 'policy',
    summary:
      'Decides on facts under a policy pack, and checks and compares packs. PACK is an id or a file. Not legal advice.',
    load: async () => (await import('./policy.ts')).policy,
  },
  {
    name: 'use-case',
    summary: 'Registers use cases, shows what follows for each and what is missing, and puts them in force.',
    load: async () => (await import('./use-case.ts')).useCase,
  },
  {
    name: 'reviews',
    summary: 'Lists, shows and decides on requests and answers that are held for people.',
    load: async () => (await import('./reviews.ts')).reviews,
  },
  {
    name: 'incidents',
    summary: 'The register of incidents, with the time left to report each.',
    load: async () => (await import('./incidents.ts')).incidents,
  },
  {
    name: 'retention',
    summary: 'Holds calls back from being deleted by the clock, and deletes now what is old enough.',
    load: async () => (await import('./retention.ts')).retention,
  },
  {
    name: 'audit',
    summary: 'Writes the audit log as one file, and checks such a file with the public key alone, without a server.',
    load: async () => (await import('./audit.ts')).audit,
  },
  {
    name: 'price',
    summary: 'What one response body used, whole or streamed, and what it costs.',
    load: async () => (await import('./price.ts')).price,
  },
  {
    name: 'budgets',
    summary: 'Makes, lists and changes budgets: limits on what calls may spend or do.',
    load: async () => (await import('./budgets.ts')).budgets,
  },
  {
    name: 'prices',
    summary: 'The dated prices of the book; and prices recorded calls anew, by adjustments.',
    load: async () => (await import('./prices.ts')).prices,
  },
  {
    name: 'usage',
    summary: 'What calls used and cost; or takes counted events from a file, each once.',
    load: async () => (await import('./usage.ts')).usage,
  },
  {
    name: 'plans',
    summary: 'Plans; opens an account under one, or grants a credit to an account.',
    load: async () => (await import('./plans.ts')).plans,
  },
  {
    name: 'invoice',
    summary: 'Bills a period, shows invoices in any form, computes them from a file, and checks them.',
    load: async () => (await import('./invoice.ts')).invoice,
  },
  {
    name: 'reconcile',
    summary: "Explains a vendor's invoice line by line by what is on record, or by another statement.",
    load: async () => (await import('./reconcile.ts')).reconcile,
  },
  {
    name: 'outcomes',
    summary: 'Tasks and what became of them, what a resolved one cost, and the return on it all.',
    load: async () => (await import('./outcomes.ts')).outcomes,
  },
  {
    name: 'config',
    summary: 'Checks the configuration file, or prints its JSON Schema.',
    load: async () => (await import('./config.ts')).config,
  },
  {
    name: 'route',
    summary: 'Trains a router from judged pairs, scores prompts with it, certifies what it loses in quality.',
    load: async () => (await import('./route.ts')).route,
  },
  {
    name: 'eval',
    summary: 'Runs a suite of prompts against models, scores the answers; compares two models pair by pair.',
    load: async () => (await import('./eval.ts')).evaluate,
  },
  {
    name: 'runtime',
    summary:
      'Installs a runtime into the data folder: for models on this machine (GGUF, ONNX), for reading pictures and scans, or for counting tokens as OpenAI does.',
    load: async () => (await import('./runtime.ts')).runtime,
  },
  {
    name: 'backup',
    summary: 'Writes a copy of the embedded database while it is in use.',
    load: async () => (await import('./backup.ts')).backup,
  },
  {
    name: 'doctor',
    summary: 'Looks for what would go wrong: configuration, store, models, regions, prices.',
    load: async () => (await import('./doctor.ts')).doctor,
  },
])
