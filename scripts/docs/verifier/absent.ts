/** Stands for what reads files and YAML, which a page that verifies never calls. */
export const readFileSync = refuse
export const readdirSync = refuse
export const existsSync = refuse
export const parse = refuse
export const parseDocument = refuse
export const LineCounter = refuse
export const join = refuse
export const resolve = refuse
export const dirname = refuse
export const basename = refuse
export const extname = refuse
export const isAbsolute = refuse
export const relative = refuse

function refuse(): never {
  throw new Error('a page that verifies reads no files but the one it is given')
}
