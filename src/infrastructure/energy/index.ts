export { estimateEnergy, foreseeWattHours, type Energy, type EnergyConfig } from './energy.ts'
