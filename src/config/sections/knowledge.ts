import { z } from 'zod'
import { contextsSchema } from './contexts.ts'
import { ocrSchema } from './ocr.ts'
import { parsingSchema } from './parsing.ts'

export const knowledgeSchema = z
  .strictObject({
    documentBytesMax: z
      .int()
      .min(1_024)
      .max(1_073_741_824)
      .default(16_777_216)
      .describe('Largest document taken in, bytes.'),
    chunkUnitsMax: z
      .int()
      .min(100)
      .max(20_000)
      .default(1_600)
      .describe('Longest passage, in units of text: a Han character counts as 3, any other as 1.'),
    versionsMax: z
      .int()
      .min(1)
      .max(1_000)
      .default(8)
      .describe('Versions of a document that can be searched as of their time, the current one included.'),
    foldChunksMax: z
      .int()
      .min(1)
      .max(100_000)
      .default(1_000)
      .describe(
        'Passages taken in whose terms may lie outside the sorted index; more are folded into it beside the work.',
      ),
    collectionsInMemoryMax: z
      .int()
      .min(1)
      .max(10_000)
      .default(64)
      .describe('Collections whose index a search keeps in memory; the one asked least lately is read anew.'),
    pagesInMemoryMib: z
      .int()
      .min(1)
      .max(65_536)
      .default(64)
      .describe('Memory that the thread of searches may use for pages of the embedded database, MiB.'),
    postingsInMemoryMib: z
      .int()
      .min(1)
      .max(65_536)
      .default(128)
      .describe(
        'Memory for what was read of the index, of all collections together, MiB; what was asked least lately is read anew.',
      ),
    searchesWaitingMax: z
      .int()
      .min(1)
      .max(100_000)
      .default(1_000)
      .describe('Searches that may wait; one more is refused with OVERLOADED.'),
    dense: z
      .strictObject({
        queryMsMax: z
          .int()
          .min(1)
          .max(60_000)
          .default(1_500)
          .describe('Longest wait for the vector of a question, milliseconds; the search goes on without.'),
        batchMax: z.int().min(1).max(2_048).default(64).describe('Passages embedded in one request.'),
        lexicalWeight: z
          .number()
          .min(0)
          .max(100)
          .default(1)
          .describe('What a rank by words counts in a search that also ranks by vectors.'),
        denseWeight: z.number().min(0).max(100).default(1).describe('What a rank by vectors counts.'),
        similarityMin: z
          .number()
          .min(-1)
          .max(1)
          .default(0.5)
          .describe(
            'Cosine from which on a passage is likely to answer although it lacks the words; depends on the model.',
          ),
        inMemoryMib: z
          .int()
          .min(1)
          .max(65_536)
          .default(512)
          .describe(
            'Memory for vectors, MiB: four bytes for each dimension of a passage. A collection that needs more is searched by the index of the database, or by words alone where it has none.',
          ),
        indexFrom: z
          .int()
          .min(1)
          .max(1_000_000_000)
          .default(500_000)
          .describe(
            'Vectors of a collection from which on PostgreSQL with pgvector 0.8 searches them by an HNSW index, which may miss some; fewer are all compared.',
          ),
      })
      .prefault({})
      .describe('Search by vectors, where a collection has a live generation of them.'),
    context: contextsSchema.prefault({}),
    rewrite: z
      .strictObject({
        questionsMax: z
          .int()
          .min(1)
          .max(8)
          .default(3)
          .describe('Other words for one question, searched for beside it.'),
        rewriteMsMax: z
          .int()
          .min(1)
          .max(60_000)
          .default(5_000)
          .describe('Longest wait for them, milliseconds; the question stands alone without.'),
      })
      .prefault({})
      .describe('Questions put in other words by a model, where a request names one (`rewrite_with`).'),
    rerank: z
      .strictObject({
        with: z.string().min(1).max(128).describe('The model that judges: of endpoints with `does: [rerank]`.'),
        in: z
          .array(z.string().min(1).max(128))
          .max(1_000)
          .optional()
          .describe('Collections whose searches are judged; every one when absent.'),
        passagesMax: z
          .int()
          .min(1)
          .max(100)
          .default(30)
          .describe('Passages judged at most, unless more are asked for: then as many as are asked for.'),
        rerankMsMax: z
          .int()
          .min(1)
          .max(60_000)
          .default(1_000)
          .describe('Longest wait for the judgement, milliseconds; the order stays as it was without.'),
      })
      .optional()
      .describe('A model that judges the best passages of a search beside its question. None when absent.'),
    passagesMax: z.int().min(1).max(100).default(8).describe('Passages a search returns when the client does not say.'),
    ingestion: z
      .strictObject({
        workers: z
          .int()
          .min(0)
          .max(64)
          .default(1)
          .describe('Documents in hand at once of those that wait, in this process; 0 leaves them to other processes.'),
        jobsWaitingMax: z
          .int()
          .min(1)
          .max(10_000_000)
          .default(10_000)
          .describe('Documents of a tenant that may wait; one more is refused with OVERLOADED.'),
      })
      .prefault({})
      .describe('Documents that are put on record and taken in beside (`prefer: respond-async`).'),
    parsing: parsingSchema.prefault({}),
    ocr: ocrSchema.prefault({}),
  })
  .describe('Taking in documents and searching them.')
