import { draftAnnexIv } from './annex-iv.ts'
import type { DocumentForm, DraftDocument, KnownFacts } from './document.ts'
import { draftFria } from './fria.ts'

const drafts = {
  'annex-iv': { title: 'Technical documentation (Annex IV)', draft: draftAnnexIv },
  fria: { title: 'Fundamental rights impact assessment (Article 27)', draft: draftFria },
} as const

/** Drafts a document from what is known. Pure: the same facts give the same draft. */
export function draftDocument(form: DocumentForm, facts: KnownFacts): DraftDocument {
  const { title, draft } = drafts[form]
  return { form, title, useCase: facts.standing.name, atMs: facts.atMs, sections: draft(facts) }
}

/** The draft as Markdown: every statement with its source, every gap as a task. */
export function toMarkdown(document: DraftDocument): string {
  const { title, useCase, atMs, sections } = document
  const gaps = sections.reduce((count, section) => count + section.gaps.length, 0)
  const lines = [
    `# ${title}: ${escape(useCase)}`,
    '',
    `Drafted ${new Date(atMs).toISOString()} from what the platform knows. ${gaps} gaps are marked; people have to close them. Not legal advice.`,
    ...sections.flatMap(({ article, heading, known, gaps: missing }) => [
      '',
      `## ${heading}`,
      '',
      `*${article}*`,
      '',
      ...known.map(({ label, value, source }) => `- **${escape(label)}:** ${escape(value)} _(${escape(source)})_`),
      ...missing.map((gap) => `- [ ] GAP: ${escape(gap)}`),
    ]),
    '',
  ]
  return lines.join('\n')
}

/** What people wrote must not become structure. */
function escape(text: string): string {
  return text.replace(/[\r\n]+/g, ' ').replace(/[\\`*_[\]<>#|]/g, (mark) => `\\${mark}`)
}
