export { createPersonalDataScanner } from './scanner.ts'
export { createDocumentScreen, type PersonalDataAction } from './screen.ts'
export { informScanner } from './names/index.ts'
export { checkPrivacy, createPrivacy, type ConfiguredPrivacy, type Privacy } from './privacy.ts'
