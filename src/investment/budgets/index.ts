export { createSpending, type Spending } from './spending.ts'
export { budgetRequestSchema, type BudgetRequest } from './request.ts'
export { toAmountText } from './refusal.ts'
export type { BudgetState } from './budgets.ts'
