export { documentForms, type DocumentForm, type DraftDocument, type KnownFacts, type KnownUsage } from './document.ts'
export { draftDocument, toMarkdown } from './draft.ts'
