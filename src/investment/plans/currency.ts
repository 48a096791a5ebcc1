/** Decimal places of currencies that do not have two (ISO 4217, table A.1). */
const places: Readonly<Record<string, number>> = {
  BIF: 0,
  CLP: 0,
  DJF: 0,
  GNF: 0,
  ISK: 0,
  JPY: 0,
  KMF: 0,
  KRW: 0,
  PYG: 0,
  RWF: 0,
  UGX: 0,
  UYI: 0,
  VND: 0,
  VUV: 0,
  XAF: 0,
  XOF: 0,
  XPF: 0,
  BHD: 3,
  IQD: 3,
  JOD: 3,
  KWD: 3,
  LYD: 3,
  OMR: 3,
  TND: 3,
  CLF: 4,
  UYW: 4,
}

const codes: ReadonlySet<string> = new Set(Intl.supportedValuesOf('currency'))

/** Whether the code is a currency that the runtime's own tables know. */
export function isCurrency(code: string): boolean {
  return codes.has(code)
}

/** Decimal places of a currency's smallest unit. */
export function placesOfCurrency(code: string): number {
  return places[code] ?? 2
}
