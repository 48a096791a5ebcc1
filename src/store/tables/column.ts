import type { ColumnType } from 'kysely'

/**
 * An amount of picodollars: a 64-bit integer column. It is read as a number while that is exact and as a bigint beyond,
 * so read it through `toPicodollars`.
 */
export type MoneyColumn = ColumnType<number | bigint | null, bigint | null, bigint | null>
