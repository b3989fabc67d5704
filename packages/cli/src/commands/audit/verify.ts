import { fromB64u, toB64u, XylemError } from '@xylem/core';
import { type AuditVerdict, auditVerifier, verifyExport } from '@xylem/root/audit';
import { defineCommand, flag, type Invocation, text } from '../../frame/define.ts';
import { givenLines } from '../../frame/given-lines.ts';
import { type RememberedAudit, readAuditMemory, rememberAudit } from '../../home/audit-memory.ts';
import { auditPages, inOrder } from './shared.ts';

/** Many times the largest change that a root server takes in one request. */
const maxLineBytes = 64 * 1024 * 1024;

const options = {
  anew: flag('forget what was verified before, as after a restore of the root server'),
  key: text('<key>', 'the audit key that must have signed (else the one that is remembered)'),
};

export const command = defineCommand({
  arguments: '[file]',
  about:
    'Without a file: the log of the running root server, which has to show every entry. What was verified is remembered here, so that a log that was rewritten or cut off later is found. With a file: an export, offline.',
  options,
  example: 'xylem audit verify\nxylem audit verify audit-2026-11.jsonl',
  async run(invocation) {
    const [file] = invocation.args;
    return file === undefined ? verifyRunning(invocation) : verifyFile(file, invocation);
  },
});

async function verifyRunning({ api, home, options: { anew, key: given } }: Invocation<typeof options>) {
  const asked = await api();
  const remembered = anew ? undefined : (await readAuditMemory(home.folder))[asked.url];
  const end = await asked.call('auditCheckpoint', {});
  const wanted = given ?? remembered?.key ?? end.key;
  refuseOtherKey(end.key, wanted);
  const known = remembered === undefined ? [] : [remembered];
  const verifier = auditVerifier({ key: keyOf(wanted), known });
  for await (const page of auditPages(asked, {}, end.sequence)) {
    for (const line of inOrder(page)) {
      if ('checkpoint' in line) await verifier.checkpoint(line.checkpoint);
      else verifier.entry(line.entry, line.hash);
    }
  }
  const verdict = verifier.finish(end);
  if (verdict.checkpoint !== null) {
    const { sequence, hash, time } = verdict.checkpoint;
    await rememberAudit(home.folder, asked.url, { key: wanted, sequence, hash, time }, anew);
  }
  const since = remembered === undefined ? '' : ` It still holds what was verified on ${remembered.time}.`;
  return {
    data: { ...verdict, key: wanted, remembered: remembered?.sequence ?? null },
    text: `${sentence(verdict)}${since}`,
  };
}

async function verifyFile(file: string, { home, options: { anew, key: given } }: Invocation<typeof options>) {
  const memory = anew ? {} : await readAuditMemory(home.folder);
  const ofKey = (key: string): RememberedAudit[] =>
    Object.values(memory).filter((remembered) => remembered.key === key);
  // An export that is older than what is remembered may end before it; it must not contradict it.
  const { verdict, header } = await verifyExport(givenLines(file, maxLineBytes), (key) => {
    if (given !== undefined) refuseOtherKey(key, given);
    return ofKey(key);
  });
  const isKnown = given !== undefined || ofKey(header.key).length > 0;
  const whose = isKnown
    ? ''
    : ` Signed by the key ${header.key}, which is known from this file alone: compare it, or give --key.`;
  const filtered =
    header.filter === null ? '' : ' It is a selection: nothing says which entries are left out.';
  return {
    data: { ...verdict, key: header.key, keyKnown: isKnown, filter: header.filter },
    text: `${sentence(verdict)}${filtered}${whose}`,
  };
}

function sentence({ entries, checkpoints, last }: AuditVerdict): string {
  return `The audit log is whole: ${entries} entries up to ${last?.sequence ?? 0}, ${checkpoints} signed checkpoints.`;
}

function keyOf(text: string): Uint8Array {
  const key = fromB64u(text);
  if (key.length === 32 && toB64u(key) === text) return key;
  throw new XylemError('E_INPUT', `"${text}" is no audit key. An export and \`--json\` show it.`);
}

function refuseOtherKey(found: string, wanted: string): void {
  if (found === wanted) return;
  throw new XylemError('E_AUDIT_BROKEN', `The audit log is signed by the key ${found}, not by ${wanted}.`);
}
