import { access, mkdir, readdir, rm } from 'node:fs/promises';
import { isAbsolute, join } from 'node:path';
import { fillPlaceholders, type MigrationOrder, type MigrationStep, XylemError } from '@xylem/core';
import { formatTime } from '@xylem/platform';
import { codedFault } from '../converge/faults.ts';
import type { OrderedMigration } from '../direction/wanted.ts';
import { withoutValues } from '../secrets/without.ts';
import type { Placed } from '../slot/placed.ts';
import type { MigrationLayout } from '../state/layout.ts';
import { clearBackup, registerBackup, verifyBackup } from './artefact.ts';
import { type Ended, killAllMarked, runProgram } from './program.ts';
import type { RunRecord } from './record.ts';
import type { RunnerOptions } from './runner.ts';

type Tools = RunnerOptions['tools'];
type Program = { readonly command: readonly string[]; readonly timeoutMs?: number };
/** Durable when it resolves. */
type Write = (record: RunRecord) => Promise<void>;

const defaultTimeoutMs = 24 * 3_600_000;
/** So often a program that gets nowhere is started under one term. */
const mostFruitless = 5;

/**
 * Carries an order out from where it was cut off, and says so durably before each thing that it does. What the package
 * or its programs are to blame for ends it as failed; anything else is thrown, and tried again under the same term.
 * @throws the signal's reason, or a fault of this host or its parents
 */
export async function carryOut(
  tools: Tools,
  place: MigrationLayout,
  ordered: OrderedMigration,
  before: RunRecord | null,
  write: Write,
): Promise<void> {
  const { order } = ordered;
  const mark = markOf(place);
  // What an agent that was killed left running.
  await killAllMarked(mark, tools.clock);
  const isNew = before === null || before.order.term < order.term;
  let record: RunRecord = isNew ? freshRecord(ordered, before, tools) : before;
  let line: Promise<void> = Promise.resolve();
  const say = async (change: Partial<RunRecord>): Promise<void> => {
    record = changed(record, change, now(tools));
    const next = record;
    // One after the other: an older word must not come to lie over a newer one.
    const before = line;
    line = (async () => {
      await before.catch(() => undefined);
      await write(next);
    })();
    await line;
  };
  let isSaying = false;
  const progress = (checkpoint: string): void => {
    record = { ...record, checkpoint, fruitless: 0 };
    if (isSaying) return;
    isSaying = true;
    void say({})
      .catch(() => undefined)
      .finally(() => {
        isSaying = false;
      });
  };
  const fail = (code: string, message: string): Promise<void> => say({ state: 'failed', code, message });
  if (isNew) await write(record);
  if ('fault' in ordered) return await fail(ordered.fault.code, ordered.fault.message);
  const { placed } = ordered;
  const program = programOf(placed, order);
  if (program === null)
    return await fail(
      'E_MIGRATION_ORDER',
      `${placed.component} ${placed.version} has no such step of ${order.database}.`,
    );
  if (record.fruitless >= mostFruitless) {
    const why = `was cut off ${mostFruitless} times without a new checkpoint; this host or its agent went down each time.`;
    return await fail('E_MIGRATION_FAILED', `The program for ${order.database} ${why}`);
  }
  try {
    const tree = await bringTree(tools, place, placed);
    const opened = await tools.secrets.open(placed);
    const config = { ...placed.config, ...Object.fromEntries(opened) };
    const run = async (own: Program, action: string, backupPath: string | null): Promise<Ended> => {
      const ended = await runProgram({
        command: commandFor(own.command, placed, tree, tools),
        cwd: tree,
        mark,
        input: inputOf(order, action, record, config, backupPath),
        log: place.log,
        timeoutMs: own.timeoutMs ?? defaultTimeoutMs,
        clock: tools.clock,
        signal: tools.signal,
        onCheckpoint: progress,
      });
      return ended.kind === 'failed' ? { ...ended, tail: withoutValues(ended.tail, opened.values()) } : ended;
    };
    const isBackedUp = record.backups.some(({ term }) => term === order.term);
    if (needsBackup(placed, order) && !isBackedUp) {
      await say({ state: 'backing-up' });
      const path = join(place.backups, String(order.term));
      await clearBackup(path);
      const ended = await run(backupOf(placed), 'backup', path);
      if (ended.kind !== 'done') return await fail('E_MIGRATION_FAILED', sentence('backup', order, ended));
      const artefact = await registerBackup(path, tools.clock);
      await say({ backups: [...record.backups, { ...artefact, term: order.term }] });
    }
    const restored = await backupToRestore(order, record);
    await say({
      state: 'running',
      begun: true,
      attempt: record.attempt + 1,
      fruitless: record.fruitless + 1,
    });
    const ended = await run(program, order.action, restored);
    if (ended.kind === 'done') await say({ state: 'done', fruitless: 0 });
    else if (ended.kind === 'fenced')
      await say({ state: 'fenced', code: 'E_MIGRATION_FENCED', message: sentence('program', order, ended) });
    else await fail('E_MIGRATION_FAILED', sentence('program', order, ended));
    await clearTrees(place);
  } catch (error) {
    if (tools.signal.aborted) {
      // Nobody's fault: an agent that was asked to end, or a new order.
      await say({ fruitless: Math.max(0, record.fruitless - 1) }).catch(() => undefined);
      throw error;
    }
    const { code, message, retry } = codedFault(error, `migrating ${order.database}`);
    if (retry === 'never') return await fail(code, message);
    await say({ state: 'waiting', code, message });
    throw error;
  }
}

/** Why it waited or failed goes with that state. */
function changed(record: RunRecord, change: Partial<RunRecord>, nowText: string): RunRecord {
  const { code: _code, message: _message, ...rest } = record;
  const isSame = change.state === undefined || change.state === record.state;
  return {
    ...(change.state === undefined ? record : rest),
    ...change,
    since: isSame ? record.since : nowText,
  };
}

/** One mark a database and state folder: found again whatever became of the record. */
export const markOf = ({ record }: MigrationLayout): string => `migration ${record}`;

function freshRecord({ order }: OrderedMigration, before: RunRecord | null, tools: Tools): RunRecord {
  return {
    database: order.database,
    order,
    state: 'waiting',
    begun: false,
    attempt: 0,
    fruitless: 0,
    since: now(tools),
    checkpoint: isSameStep(order, before) ? (before?.checkpoint ?? null) : null,
    backups: before?.backups ?? [],
  };
}

const isSameStep = (order: MigrationOrder, before: RunRecord | null): boolean =>
  before?.order.action === order.action && before.order.to === order.to;

const now = ({ clock }: Tools): string => formatTime(clock.now());

function stepOf({ document }: Placed, { action, to }: MigrationOrder): MigrationStep | undefined {
  return document.migrations?.steps?.find((step) => step.to === (action === 'undo' ? to + 1 : to));
}

/** The program that does it; null where the package has none for it. */
function programOf(placed: Placed, order: MigrationOrder): Program | null {
  if (placed.document.migrations?.database !== order.database) return null;
  if (order.action === 'restore') return placed.document.migrations.restore ?? null;
  const step = stepOf(placed, order);
  return (order.action === 'undo' ? step?.undo : step) ?? null;
}

/** What can't be undone is preceded by one. */
function needsBackup(placed: Placed, order: MigrationOrder): boolean {
  return order.action === 'run' && stepOf(placed, order)?.undo === undefined;
}

function backupOf({ document, component }: Placed): Program {
  const { backup } = document.migrations ?? {};
  if (backup !== undefined) return backup;
  throw new XylemError('E_PACKAGE_INVALID', `${component} has a step without undo, and no backup.`);
}

async function backupToRestore(order: MigrationOrder, record: RunRecord): Promise<string | null> {
  if (order.action !== 'restore') return null;
  const { backup } = order;
  const kept = record.backups.find(({ term, digest }) => term === backup?.term && digest === backup?.digest);
  if (kept === undefined)
    throw new XylemError(
      'E_MIGRATION_FAILED',
      `This host has no such backup of ${order.database}; nothing was begun.`,
    );
  await verifyBackup(kept.path, kept.digest);
  return kept.path;
}

/** The package's tree, beside those that run: a migration comes before the switch. */
async function bringTree(tools: Tools, { trees }: MigrationLayout, placed: Placed): Promise<string> {
  await mkdir(trees, { recursive: true, mode: 0o755 });
  const into = join(trees, placed.tree);
  const isThere = await access(into).then(
    () => true,
    () => false,
  );
  const { component, kind, domain, tree } = placed;
  if (!isThere) await tools.fetchTree({ component, kind, domain, tree, into });
  return into;
}

async function clearTrees({ trees }: MigrationLayout): Promise<void> {
  for (const name of await readdir(trees).catch(() => [])) {
    await rm(join(trees, name), { recursive: true, force: true }).catch(() => undefined);
  }
}

function commandFor(
  command: readonly string[],
  placed: Placed,
  tree: string,
  { layout, node }: Tools,
): string[] {
  const places = { config: placed.config, tree, data: layout.component(placed.component).data, node };
  const [program = '', ...args] = command.map((argument) => fillPlaceholders(argument, places));
  return [program.includes('/') && !isAbsolute(program) ? join(tree, program) : program, ...args];
}

function inputOf(
  order: MigrationOrder,
  action: string,
  { checkpoint, attempt }: RunRecord,
  config: object,
  backupPath: string | null,
): object {
  const { database, term, to, phase } = order;
  return {
    format: 'xylem-migration-1',
    database,
    action,
    term,
    from: order.action === 'undo' ? to + 1 : to - 1,
    to,
    ...(phase === undefined ? {} : { phase }),
    checkpoint,
    attempt,
    ...(backupPath === null ? {} : { backup: { path: backupPath } }),
    config,
  };
}

function sentence(
  what: string,
  { database, term }: MigrationOrder,
  ended: Exclude<Ended, { kind: 'done' }>,
): string {
  if (ended.kind === 'fenced')
    return `The ${what} for ${database} under term ${term} found a higher term in the database and wrote nothing more.`;
  const output = ended.tail === '' ? 'It printed nothing.' : `Its output ends: ${ended.tail}`;
  return `The ${what} for ${database} under term ${term} ${ended.why}. ${output}`;
}
