export { createMarker, type Marker } from './marker.ts'
export { isSigned } from './provenance.ts'
export { rowPrints, type PrintScheme } from './prints.ts'
export { createMarkRecord, type Detection, type MarkRecord } from './record.ts'
