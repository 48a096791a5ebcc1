export { createOversight, type HeldRequest, type Oversight, type Passage } from './oversight.ts'
export { createReviews, type ReviewFile, type Reviews } from './reviews.ts'
export type { Review } from './review.ts'
export { createReviewTexts } from './store.ts'
