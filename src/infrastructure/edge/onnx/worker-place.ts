/** The program of the child process. */
export const onnxWorker = new URL('./worker.ts', import.meta.url)
