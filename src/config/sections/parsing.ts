import { z } from 'zod'

export const parsingSchema = z
  .strictObject({
    timeoutMs: z
      .int()
      .min(100)
      .max(3_600_000)
      .default(120_000)
      .describe('Longest time one document may take to be read, milliseconds; pages that are left then fail.'),
    memoryMbMax: z
      .int()
      .min(64)
      .max(16_384)
      .default(512)
      .describe(
        'Most heap that reading one document may take, MB, and as much again in buffers; a document that needs more is refused.',
      ),
    pagesMax: z.int().min(1).max(1_000_000).default(10_000).describe('Most pages of one document; the rest fail.'),
    nodesMax: z
      .int()
      .min(1_000)
      .max(100_000_000)
      .default(5_000_000)
      .describe('Most elements, texts and cells of one document.'),
    nestingMax: z
      .int()
      .min(16)
      .max(1_000)
      .default(256)
      .describe('Deepest nesting of elements that is kept; what is deeper is read as if it stood there.'),
    attachmentsDepthMax: z
      .int()
      .min(0)
      .max(10)
      .default(2)
      .describe('How deep files inside files (attachments of mails) are read.'),
    archiveBytesMax: z
      .int()
      .min(65_536)
      .max(8_589_934_592)
      .default(268_435_456)
      .describe('Most bytes that the files inside one document may unpack to.'),
    archiveEntriesMax: z
      .int()
      .min(10)
      .max(1_000_000)
      .default(20_000)
      .describe('Most files inside one document that is an archive, as Office documents are.'),
    workersMax: z.int().min(1).max(64).default(2).describe('Threads that read documents at the same time.'),
    macros: z
      .enum(['note', 'refuse'])
      .default('note')
      .describe('What is done with documents that hold macros. They are never run.'),
  })
  .describe('Reading documents of all formats.')
