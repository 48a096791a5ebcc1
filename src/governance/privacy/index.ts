export { createPersonalDataScanner } from './scanner.ts'
export { checkPrivacy, createPrivacy, type ConfiguredPrivacy, type Privacy } from './privacy.ts'
