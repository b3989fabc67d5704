import { XylemError } from '@xylem/core';
import { readAttestation } from '@xylem/trust';
import type { Api } from '../api/client.ts';
import { readGiven } from '../frame/given.ts';

/** So much the root server takes in one request. */
const maxStatementBytes = 32 * 1024 * 1024;

/** A statement as it lies in a file. */
export interface StatementFile {
  readonly file: string;
  readonly text: string;
  readonly predicateType: string;
  readonly subjects: readonly string[];
}

/** Reads DSSE envelopes, one to a file. @throws XylemError E_INPUT naming the file */
export async function readStatements(files: readonly string[]): Promise<StatementFile[]> {
  return await Promise.all(
    files.map(async (file) => {
      const text = (await readGiven(file, maxStatementBytes)).toString();
      try {
        const { predicateType, subjects } = readAttestation(Buffer.from(text)).statement;
        return { file, text, predicateType, subjects };
      } catch (cause) {
        throw new XylemError('E_INPUT', `${file} is no statement. ${(cause as Error).message}`, { cause });
      }
    }),
  );
}

/**
 * Attaches each statement to what it is about, of these.
 * @throws XylemError E_INPUT naming a file that is about none of them
 */
export async function attach(
  api: Api,
  product: string,
  statements: readonly StatementFile[],
  candidates: readonly { readonly name: string; readonly digest: string }[],
): Promise<{ attached: number; added: number }> {
  const placed = statements.map((statement) => {
    const about = candidates.filter(({ digest }) => statement.subjects.includes(digest));
    if (about.length > 0) return { statement, about };
    const wanted = candidates.map(({ name, digest }) => `${name} (${digest})`).join(', ');
    throw new XylemError('E_INPUT', `${statement.file} is not about ${wanted}: no subject has that SHA-256.`);
  });
  let added = 0;
  for (const { digest } of candidates) {
    const envelopes = placed
      .filter(({ about }) => about.some((one) => one.digest === digest))
      .map(({ statement }) => statement.text);
    if (envelopes.length === 0) continue;
    added += (await api.call('evidenceAdd', { params: { product }, body: { digest, envelopes } })).added;
  }
  return { attached: placed.length, added };
}
