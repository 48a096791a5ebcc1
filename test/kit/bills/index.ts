export { runBillsInStore } from './in-store.ts'
export { runBills } from './run.ts'
