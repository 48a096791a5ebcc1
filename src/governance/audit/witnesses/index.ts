export { isOfWitness, readCosignature, readWitnessKey, signaturesOf, textOfNote } from './cosignature.ts'
export { createWitnessStore, type WitnessStore } from './store.ts'
export { isTimestampOf, readTimestamp } from './timestamp.ts'
export { createWitnessing, type AskPlace, type Witnessing } from './witnessing.ts'
