export { readHtml } from './html.ts'
export { writeMarkup } from './walk.ts'
