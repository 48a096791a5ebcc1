/** The program of the child process. */
export const llamaWorker = new URL('./worker.ts', import.meta.url)
