import { fromB64u, parseJson, XylemError } from '@xylem/core';
import { type AuditPlace, type AuditVerdict, auditVerifier, openCheckpoint } from './verify.ts';

/** First line of an export (docs/spec/audit.md). */
export interface AuditExportHeader {
  readonly format: 'xylem-audit-export-1';
  /** The audit key, b64u. */
  readonly key: string;
  readonly filter: Readonly<Record<string, string>> | null;
  /** Envelope of the checkpoint that the export reaches; null with a filter. */
  readonly end: object | null;
}

const maxLineBytes = 64 * 1024 * 1024;

/**
 * Verifies an export, line by line.
 * @param knownOf what is remembered of the log of this key
 * @throws XylemError E_INPUT (no export), E_AUDIT_BROKEN with `details.sequence`
 */
export async function verifyExport(
  lines: AsyncIterable<string> | Iterable<string>,
  knownOf: (key: string) => readonly AuditPlace[],
): Promise<{ readonly verdict: AuditVerdict; readonly header: AuditExportHeader }> {
  let number = 0;
  let opened: { header: AuditExportHeader; verifier: ReturnType<typeof auditVerifier> } | null = null;
  let end: AuditPlace | undefined;
  for await (const text of lines) {
    number += 1;
    if (opened === null) {
      const header = headerOf(text);
      const key = fromB64u(header.key);
      if (key.length !== 32) throw noExport();
      if (header.end !== null) end = await openCheckpoint(header.end, key);
      const partial = header.filter !== null;
      opened = {
        header,
        verifier: auditVerifier({ key, known: knownOf(header.key), partial, mayEndBefore: true }),
      };
      continue;
    }
    if (text === '') continue;
    const line = lineOf(text, number);
    if ('checkpoint' in line) await opened.verifier.checkpoint(line['checkpoint']);
    else opened.verifier.entry(line['entry'], line['hash']);
  }
  if (opened === null) throw noExport();
  return { verdict: opened.verifier.finish(end), header: opened.header };
}

function headerOf(text: string): AuditExportHeader {
  const header = parseOr(text, () => noExport()) as Partial<AuditExportHeader>;
  const isFiltered = typeof header.filter === 'object' && header.filter !== null;
  const isWhole = header.filter === null && typeof header.end === 'object' && header.end !== null;
  if (header.format !== 'xylem-audit-export-1' || typeof header.key !== 'string') throw noExport();
  if (!isWhole && !(isFiltered && header.end === null)) throw noExport();
  return header as AuditExportHeader;
}

function lineOf(text: string, number: number): Readonly<Record<string, unknown>> {
  const damaged = (): XylemError =>
    new XylemError('E_AUDIT_BROKEN', `Line ${number} is no entry and no checkpoint.`, {
      details: { line: number },
    });
  const line = parseOr(text, damaged);
  if (typeof line !== 'object' || line === null) throw damaged();
  return line as Readonly<Record<string, unknown>>;
}

function parseOr(text: string, fault: () => XylemError): unknown {
  try {
    return parseJson(text, 'line', { maxBytes: maxLineBytes });
  } catch {
    throw fault();
  }
}

const noExport = (): XylemError =>
  new XylemError('E_INPUT', 'This is no export of an audit log. `xylem audit export` writes one.');
