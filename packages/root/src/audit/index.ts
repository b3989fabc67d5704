/** What verifies an audit log anywhere: no database, no root server. */
export { type AnyAuditDocument, auditHash } from './entry.ts';
export { type AuditExportHeader, verifyExport } from './export.ts';
export {
  type AuditCheckpoint,
  type AuditPlace,
  type AuditVerdict,
  auditVerifier,
  openCheckpoint,
} from './verify.ts';
