export { readFont, type Font } from './font.ts'
export { letter, type GreyPicture, type Lettering } from './sheet.ts'
export { png } from './png.ts'
