/** What verifies an audit log anywhere: no database, no root server. */
export type { AnyAuditDocument } from './entry.ts';
export { type AuditExportHeader, verifyExport } from './export.ts';
export {
  type AuditCheckpoint,
  type AuditPlace,
  type AuditVerdict,
  auditVerifier,
} from './verify.ts';
