import { X509Certificate } from 'node:crypto';
import { constants } from 'node:fs';
import { access, readdir, readFile, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { errorCodes, parseReport, timeMs, XylemError } from '@xylem/core';
import { type Clock, type Log, silentLog } from '@xylem/platform';
import { type Identity, loadIdentity, parseEnvelope } from '@xylem/trust';
import { acceptedFile } from '../direction/accepted-file.ts';
import { repositoriesOf } from '../direction/repositories.ts';
import type { Accepted } from '../direction/wanted.ts';
import { explainHost } from '../explain/explain.ts';
import { localPolicy } from '../policy/local-policy.ts';
import { spoolFile } from '../reports/spool.ts';
import { type StateLayout, stateLayout } from '../state/layout.ts';
import { lockHolder } from '../state/lock.ts';
import { askParents } from './ask-parents.ts';
import { type Finding, found, judgeCertificate, judgeClock, judgeDisk, judgeReports } from './judge.ts';

export interface ExamineOptions {
  readonly stateFolder: string;
  readonly node: string;
  readonly clock: Clock;
  readonly proxyEnvironment?: NodeJS.ProcessEnv;
}

/**
 * Looks at a host from its state folder outwards: folder, disk, clock, certificate, parents, agent, policy, what it
 * should run. Changes nothing, and goes on where something can't be looked at.
 */
export async function examineHost(options: ExamineOptions): Promise<readonly Finding[]> {
  const { stateFolder, clock } = options;
  const layout = stateLayout(stateFolder);
  const findings: Finding[] = [...(await stateFindings(layout)), await diskFinding(stateFolder)];
  let identity: Identity | null = null;
  try {
    identity = await loadIdentity(layout.identity);
    if (identity === null) throw new XylemError('E_NOT_JOINED', `${stateFolder} has no identity of a host.`);
  } catch (error) {
    return [...findings, ofError('state', error)];
  }
  const accepted = await acceptedFile(layout.accepted, silentLog)
    .read()
    .catch(() => null);
  const urls = [...new Set(accepted?.entry.parents ?? identity.parents)];
  const asked = await askParents(identity, urls, options);
  const nowMs = clock.now();
  const { validFrom, validTo } = new X509Certificate(identity.certificatePem);
  findings.push(
    judgeClock(nowMs, await floorOf(identity, layout, clock, silentLog), asked.dateMs),
    judgeCertificate(nowMs, Date.parse(validFrom), Date.parse(validTo)),
    ...asked.findings,
    await agentFinding(layout),
    ...(await reportsFindings(layout, nowMs)),
    await policyFinding(),
    directionFinding(accepted),
  );
  return [...findings, ...(await componentFindings(options))];
}

async function stateFindings({ root, identity }: StateLayout): Promise<Finding[]> {
  const who = `uid ${process.getuid?.() ?? '?'}`;
  try {
    await access(root, constants.R_OK | constants.W_OK | constants.X_OK);
    await access(identity, constants.R_OK | constants.X_OK);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return [];
    const says = `${root} can't be written by ${who} (${code}).`;
    return [
      found.ill('state', says, 'Run this, and the agent, as whom it belongs to; is it mounted read-only?'),
    ];
  }
  const entries = await readdir(root, { recursive: true }).catch(() => []);
  const damaged = entries.filter((name) => name.endsWith('.damaged') && !name.includes('/trees/'));
  if (damaged.length === 0) return [found.well('state', `${root} can be read and written by ${who}.`)];
  return [
    found.ill(
      'state',
      `Could not be read and were set aside: ${damaged.slice(0, 5).join(', ')}${damaged.length > 5 ? ', …' : ''}.`,
      'The agent has found again by looking what they said. Look at the disk (dmesg, smartctl), then remove them.',
    ),
  ];
}

async function diskFinding(folder: string): Promise<Finding> {
  try {
    const { bavail, bsize, ffree, files } = await statfs(folder);
    return judgeDisk(bavail * bsize, files === 0 ? null : ffree);
  } catch (error) {
    return ofError('disk', error);
  }
}

/** The time below which no signed document of this host's direction was issued. */
async function floorOf(
  identity: Identity,
  layout: StateLayout,
  clock: Clock,
  log: Log,
): Promise<number | null> {
  try {
    const client = repositoriesOf(identity, layout.trust, clock, log).client(identity.environment.id);
    return (await client.open()).floorMs;
  } catch {
    return null;
  }
}

async function agentFinding({ root, lock }: StateLayout): Promise<Finding> {
  const holder = await lockHolder(lock);
  if (holder !== null) return found.well('agent', `The agent runs (process ${holder.pid}).`);
  return found.ill(
    'agent',
    'The agent does not run: services go on, and nothing new is done.',
    `Start it: systemctl start xylem-agent, or xylem agent run --state ${root}. Its log says why it ended.`,
  );
}

/** None where this host has made no report yet. */
async function reportsFindings({ reports }: StateLayout, nowMs: number): Promise<Finding[]> {
  try {
    const spool = await spoolFile(reports, silentLog).read();
    const { payload } = parseEnvelope(await readFile(join(reports, 'newest.json')));
    const { incarnation, sequence, time } = parseReport(payload);
    const isCovered = incarnation === spool?.incarnation && sequence <= spool.covered;
    return [judgeReports(nowMs, isCovered ? null : timeMs(time))];
  } catch {
    return [];
  }
}

async function policyFinding(): Promise<Finding> {
  try {
    await localPolicy();
    return found.well('policy', 'What root says on this host, if anything, can be read.');
  } catch (error) {
    return ofError('policy', error);
  }
}

function directionFinding(accepted: Accepted | null): Finding {
  if (accepted === null) {
    return found.ill(
      'direction',
      'This host has not heard yet what it should run.',
      'It hears it from the first parent that answers: see above.',
    );
  }
  const fault = accepted.frozen ?? accepted.quarantineFault;
  if (fault !== undefined) return found.ill('direction', fault.message, errorCodes[fault.code].advice);
  return found.well('direction', `It follows direction ${accepted.number} of ${accepted.environmentName}.`);
}

async function componentFindings({ stateFolder, node, clock }: ExamineOptions): Promise<Finding[]> {
  try {
    const { components } = await explainHost({ stateFolder, node, clock });
    const unwell = components.filter(({ steps, keeping }) => steps.length + keeping.length > 0);
    if (unwell.length === 0) {
      return [found.well('components', `All ${components.length} components are where they should be.`)];
    }
    const advice = `xylem agent explain --state ${stateFolder} shows each step.`;
    return unwell.map(({ component, desired, installed, keeping, steps }) => {
      const why = keeping[0]?.message ?? `to do: ${steps.join(', ')}.`;
      return found.ill(
        'components',
        `${component} is at ${installed ?? 'nothing'}, and should be at ${desired ?? 'nothing'}: ${why}`,
        advice,
      );
    });
  } catch (error) {
    return [ofError('components', error)];
  }
}

function ofError(check: Finding['check'], error: unknown): Finding {
  if (error instanceof XylemError) return found.ill(check, error.message, errorCodes[error.code].advice);
  const { message } = error as Error;
  return found.ill(check, message, 'Mend what the message says, and run this again.');
}
