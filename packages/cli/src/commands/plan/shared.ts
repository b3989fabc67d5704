import type { PlanDetail, PlanSummary } from '@xylem/root/contract';
import { text } from '../../frame/define.ts';
import { tabulate } from '../../frame/tabulate.ts';
import { counted, sizeText } from '../../frame/words.ts';
import { testsText } from '../job/shared.ts';
import { holdRows, passesText } from './holds.ts';
import { preflightLines, preflightRows } from './preflights.ts';
import { probeLines } from './probes.ts';
import { rulesText } from './rules.ts';

export const digestOption = {
  digest: text('<digest>', 'of the version that you looked at, or its beginning; another one is refused'),
};

const versionText = (version: string | null): string => version ?? '-';
const what = ({ product, kind, version }: Pick<PlanSummary, 'product' | 'kind' | 'version'>): string =>
  kind === 'undeploy' ? `undeploy ${product}` : `${product}@${version}`;

export function planTable(plans: readonly PlanSummary[]): string {
  return tabulate(
    ['ID', 'WHAT', 'ENVIRONMENTS', 'STATE', 'VERSION', 'DIGEST', 'BY', 'EXPIRES'],
    plans.map((one) => [
      one.id,
      what(one),
      one.environments.map(({ name }) => name).join(', '),
      one.state,
      one.number,
      one.digest.slice(0, 12),
      one.by,
      one.expires,
    ]),
    'No plan.',
  );
}

type Stage = PlanDetail['stages'][number];
type Environment = Stage['environments'][number];
type PlanTestRun = NonNullable<Environment['tests']>[number];

/** A plan as a person reads it before they say yes. */
export function planText(plan: PlanDetail): string {
  if (plan.state !== 'open' && plan.state !== 'expired' && plan.state !== 'refused')
    return planProgress(plan);
  const lines = [planTable([plan]), ...urgencyText(plan)];
  if (plan.stages.length > 1) lines.push('', stageTable(plan));
  lines.push(...probeLines(plan));
  for (const stage of plan.stages) {
    for (const environment of stage.environments) {
      const title = plan.stages.length > 1 ? `${stage.name}: ${environment.name}` : environment.name;
      lines.push('', title, environmentText(environment, plan.urgent));
    }
  }
  if (plan.approvals.length > 0)
    lines.push('', `Approved by ${plan.approvals.map(({ by, at }) => `${by} (${at})`).join(', ')}.`);
  lines.push(...endedLines(plan));
  if (plan.state === 'open') lines.push('', ...closedText(plan), nextText(plan));
  if (plan.state === 'expired' || plan.state === 'refused')
    lines.push('', `Look anew: xylem plan refresh ${plan.id}`);
  return lines.join('\n');
}

/** What was found of gates is no news: what they wait for may have come since. */
export function closedText({ created, stages }: Pick<PlanDetail, 'created' | 'stages'>): string[] {
  const isClosed = stages.some(({ environments }) =>
    environments.some(({ found }) => found.gates.some(({ open }) => !open)),
  );
  return isClosed
    ? [`Gates are shown as they stood at ${created}; each is looked at again when the plan begins there.`]
    : [];
}

/** Of an open plan: where its first stage waits for somebody's word, starting it would be refused. */
export function nextText({ id, stages }: PlanDetail): string {
  const isApproved = stages[0]?.environments.every(({ missing }) => missing.length === 0) ?? true;
  const start = `xylem deploy --plan ${id}`;
  return isApproved ? `Start it: ${start}` : `Have it approved: xylem plan approve ${id}; then: ${start}`;
}

function urgencyText({
  kind,
  urgent,
  why = null,
  passes = [],
  forces = [],
  deadlineSeconds = null,
  notify = null,
}: PlanDetail): string[] {
  const said = why === null ? '' : `: ${why}`;
  const forced =
    forces.length === 0 ? [] : [`It passes these gates though they are closed: ${forces.join(', ')}.`];
  const told =
    notify === null
      ? []
      : [`Told by mail of ${(notify.topics ?? ['plan.*']).join(', ')}: ${notify.mail.join(', ')}`];
  const until = deadlineSeconds === null ? [] : [`Deadline: ${deadlineSeconds} s after its begin.`];
  return [
    ...(urgent ? [`Urgent${said}`] : why === null ? [] : [`Why${said}`]),
    ...(urgent && kind === 'deploy' ? [passesText(passes)] : []),
    ...forced,
    ...until,
    ...told,
  ];
}

/** Where a plan stands that was started. */
export function planProgress(plan: PlanDetail): string {
  const lines = [planTable([plan]), '', stageTable(plan), ''];
  for (const { id, environment, state } of plan.deployments)
    lines.push(`Deployment ${id} in ${environment.name}: ${state}`);
  for (const { name, standing } of plan.stages)
    if (standing?.ring !== undefined)
      lines.push(`Ring ${name}: ${standing.ring.verdict}. ${standing.ring.reason}`);
  for (const { environments } of plan.stages) {
    for (const { name, waits } of environments)
      if (waits !== null) lines.push(`${name} waits: ${waits.reason}`);
  }
  lines.push(...preflightLines(plan).map((line) => `Beforehand in ${line}`));
  lines.push(...testLines(plan), ...probeLines(plan));
  if (plan.stages.some(({ environments }) => environments.some(({ back }) => back !== null)))
    lines.push('', backTable(plan));
  lines.push(...endedLines(plan));
  if (plan.next !== null) lines.push(`Next: ${plan.next.what}${/[.!]$/.test(plan.next.what) ? '' : '.'}`);
  if (plan.state === 'paused') lines.push(`Go on: xylem plan resume ${plan.id}`);
  return lines.join('\n');
}

/** What the tests of its stages said, with how to see more. */
function testLines({ stages }: PlanDetail): string[] {
  const rows = stages.flatMap(({ environments }) =>
    environments.flatMap(({ name, tests = [] }) => tests.map((run) => ({ name, run }))),
  );
  if (rows.length === 0) return [];
  const table = tabulate(
    ['TEST', 'ENVIRONMENT', 'HOST', 'STATE', 'EXIT', 'TESTS', 'RUN'],
    rows.map(({ name, run }) => [
      `${run.component} ${run.job}`,
      name,
      run.host.name,
      run.state,
      run.exitCode ?? '',
      testsText(run),
      run.id.slice(0, 12),
    ]),
    '',
  );
  return ['', table, ...rows.flatMap(({ run }) => failureLines(run))];
}

function failureLines({ id, host, state, note, tests }: PlanTestRun): string[] {
  if (state === 'passed') return [];
  const said = [
    ...(note === null ? [] : [note]),
    ...(tests?.failed ?? []).map(({ name, message }) => `failed: ${name}: ${message}`),
    `see more: xylem job show ${id.slice(0, 12)}`,
  ];
  return said.map((line) => `${host.name}: ${line}`);
}

const endedLines = ({ ended, state }: PlanDetail): string[] =>
  ended === null ? [] : ['', `${state} by ${ended.by}${ended.reason === null ? '' : `: ${ended.reason}`}`];

function stageTable({ stages }: PlanDetail): string {
  return tabulate(
    ['STAGE', 'ENVIRONMENTS', 'STATE', 'TO COME', 'UNDER WAY', 'SUCCEEDED', 'FAILED', 'RULES'],
    stages.map((stage) => {
      const { name, environments, standing } = stage;
      const named = environments.slice(0, 3).map((one) => one.name);
      const more = environments.length - named.length;
      return [
        name,
        `${named.join(', ')}${more > 0 ? ` and ${more} more` : ''}`,
        standing === null ? '-' : stateText(standing),
        standing?.left ?? '-',
        standing?.running ?? '-',
        standing?.succeeded ?? '-',
        standing?.failed ?? '-',
        rulesText(stage),
      ];
    }),
    'No stage.',
  );
}

const stateText = ({ state, soaksUntil }: NonNullable<Stage['standing']>): string =>
  soaksUntil === null ? state : `${state} until ${soaksUntil}`;

/** What was taken back, and what was not and why. */
export function backTable({ stages }: PlanDetail): string {
  return tabulate(
    ['STAGE', 'ENVIRONMENT', 'BACK', 'DEPLOYMENT', 'WHY NOT'],
    stages.flatMap((stage) =>
      stage.environments.flatMap(({ name, back }) =>
        back === null
          ? []
          : [[stage.name, name, backWords[back.state], back.deployment ?? '-', back.kept ?? '-']],
      ),
    ),
    'The plan brought nothing there; nothing is taken back.',
  );
}

const backWords = { due: 'to come', begun: 'begun', kept: 'NOT TAKEN BACK' } as const;

function environmentText(environment: Environment, isUrgent: boolean): string {
  const { found, missing } = environment;
  const { hosts, bytes, disk, begins, time, back } = found;
  const note = (count: number, words: string): string[] => (count === 0 ? [] : [`${count} ${words}`]);
  const rows: [string, string][] = [
    [
      'hosts',
      [
        `${counted(hosts.changing, 'host')} change`,
        ...note(hosts.staying, 'have it already'),
        ...note(hosts.silent, 'of those that change are silent'),
        ...note(hosts.pinned, 'pinned'),
        ...note(hosts.leftOut, 'without a fitting variant'),
      ].join(', '),
    ],
    ...found.changes.map((one): [string, string] => [
      one.component,
      `${versionText(one.from)} -> ${versionText(one.to)} on ${counted(one.hosts, 'host')}`,
    ]),
    [
      'bytes',
      bytes.likely === null || bytes.whole === null
        ? bytes.how
        : `${sizeText(bytes.likely)} likely to travel, ${sizeText(bytes.whole)} whole (compressed). ${bytes.how}`,
    ],
    [
      'disk',
      `${sizeText(disk.needed)} on the host that needs most${
        disk.shortCount === 0
          ? ''
          : `; too little free on ${disk.short
              .slice(0, 10)
              .map(({ name, free }) => `${name} (${sizeText(free)})`)
              .join(', ')}${disk.shortCount > 10 ? ` and ${disk.shortCount - 10} more` : ''}`
      }${disk.unknown === 0 ? '' : `; not known of ${counted(disk.unknown, 'host')}`}`,
    ],
    ...found.preflight.map((one): [string, string] => [
      'preflight',
      `${one.component}: ${one.demands}${one.unmetCount === 0 ? '' : `; not met by ${one.unmet.slice(0, 10).join(', ')}`}`,
    ]),
    ...preflightRows(environment).map((line): [string, string] => ['beforehand', line]),
    ...found.migrations.map((one): [string, string] => [
      'migration',
      `${one.database} to schema ${one.to} (${one.phase}) by ${one.component}${one.undo ? '' : ', can not be undone'}`,
    ]),
    [
      'begins',
      [
        ...note(begins.now, 'at once'),
        ...note(begins.later, `from ${begins.first} to ${begins.last}`),
        ...note(begins.never, 'in no window of the next years'),
      ].join(', ') || 'nothing to begin',
    ],
    ...holdRows(found, isUrgent),
    [
      'time',
      time.seconds === null
        ? time.how
        : `about ${time.seconds} s (${time.atLeastSeconds} to ${time.atMostSeconds}). ${time.how}`,
    ],
    ['way back', back.to === null ? 'none' : `to ${back.to}`],
    ...back.cannot.map((sentence): [string, string] => ['not undone', sentence]),
    ...found.gates.map((one): [string, string] => [
      `gate ${one.gate}`,
      `${one.open ? 'open' : `CLOSED ${one.code}`}: ${one.saw}`,
    ]),
    ...missing.map((sentence): [string, string] => ['missing', sentence]),
  ];
  const width = Math.max(...rows.map(([head]) => head.length));
  return rows.map(([head, text]) => `  ${head.padEnd(width)}  ${text}`).join('\n');
}
