import { z } from 'zod'

export const ocrSchema = z
  .strictObject({
    enabled: z
      .boolean()
      .default(true)
      .describe(
        'Whether pictures and scanned pages are read, where `strata runtime add ocr` has installed what it needs.',
      ),
    languages: z
      .array(z.string().regex(/^[a-z]{3}(?:_[a-z]{3,4}){0,2}$/))
      .min(1)
      .max(16)
      .default(['eng', 'chi_sim', 'chi_tra'])
      .describe('What pictures are read in, as Tesseract names languages; the surest of them is taken, page by page.'),
    pixelsMax: z
      .int()
      .min(10_000)
      .max(400_000_000)
      .default(40_000_000)
      .describe('Most pixels of a picture that is read; a page of A4 at 600 dots per inch has 35 million.'),
    pagesMax: z
      .int()
      .min(1)
      .max(100_000)
      .default(500)
      .describe('Most pages of one document that are read from pictures; the rest fail.'),
    pageTimeoutMs: z
      .int()
      .min(1_000)
      .max(3_600_000)
      .default(120_000)
      .describe('Longest time one page may take to be read from its picture, milliseconds; it fails then.'),
  })
  .describe('Reading text from pictures and scanned pages.')
