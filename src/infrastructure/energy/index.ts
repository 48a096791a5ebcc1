export { estimateEnergy, type Energy, type EnergyConfig } from './energy.ts'
