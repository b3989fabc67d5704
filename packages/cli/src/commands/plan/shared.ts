import type { PlanDetail, PlanSummary } from '@xylem/root/contract';
import { tabulate } from '../../frame/tabulate.ts';
import { counted, sizeText } from '../../frame/words.ts';

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

type Environment = PlanDetail['stages'][number]['environments'][number];

/** A plan as a person reads it before they say yes. */
export function planText(plan: PlanDetail): string {
  const lines = [planTable([plan])];
  for (const stage of plan.stages) {
    for (const environment of stage.environments) {
      const title = plan.stages.length > 1 ? `${stage.name}: ${environment.name}` : environment.name;
      lines.push('', title, environmentText(environment));
    }
  }
  if (plan.approvals.length > 0)
    lines.push('', `Approved by ${plan.approvals.map(({ by, at }) => `${by} (${at})`).join(', ')}.`);
  if (plan.ended !== null)
    lines.push(
      '',
      `${plan.state} by ${plan.ended.by}${plan.ended.reason === null ? '' : `: ${plan.ended.reason}`}`,
    );
  for (const one of plan.deployments)
    lines.push(`Deployment ${one.id} in ${one.environment.name}: ${one.state}`);
  if (plan.state === 'open') lines.push('', `Start it: xylem deploy --plan ${plan.id}`);
  if (plan.state === 'expired' || plan.state === 'refused')
    lines.push('', `Look anew: xylem plan refresh ${plan.id}`);
  return lines.join('\n');
}

function environmentText({ found, missing }: Environment): string {
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
