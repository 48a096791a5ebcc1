export { toMarkdown } from './to-markdown.ts'
export { CanonicalBuilder, type Cell, type ListItem, type PageVerdict } from './builder.ts'
export { InlineBuilder, joinInlines, toInline, type Inline, type RunStyle } from './inline.ts'
