export { createCodeCheck } from './code-check.ts'
export { createCodeRunner, type CodeLimits, type CodeRunner } from './code-runner.ts'
