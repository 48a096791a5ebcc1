export { readPicture } from './picture.ts'
