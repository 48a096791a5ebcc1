export {
  createIncidents,
  incidentKinds,
  type Incident,
  type IncidentFile,
  type IncidentKind,
  type Incidents,
} from './incidents.ts'
