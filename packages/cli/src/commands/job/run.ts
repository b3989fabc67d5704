import { XylemError } from '@xylem/core';
import type { JobRun } from '@xylem/root/contract';
import { count, defineCommand, flag, type Invocation, requiredText, text } from '../../frame/define.ts';
import { environmentParams } from '../../selection/environments.ts';
import { exitCodeOf, isOpen, runTable } from './shared.ts';

const lookMs = 1_000;

export const command = defineCommand({
  arguments: '<component> <job>',
  about: `Runs a program of the installed package once, on one host or several: a smoke test, a check. It comes from the package
as its publisher signed it. Where the component is changed while it runs it is ended and says so; it is never begun
twice. With --wait the command ends with 9 unless every run passed.`,
  options: {
    in: requiredText('<environment>', 'where'),
    on: text('<selector>', 'only on hosts that fit, like "role = web"'),
    hosts: count('<number>', 'on how many of them (default 1)', 1, 1_000),
    version: text('<version>', 'only where this version is'),
    stopped: flag('also where the component does not run'),
    wait: flag('until all have ended'),
    timeout: count('<seconds>', 'with --wait: give up after this long; the jobs go on', 1),
  },
  example: 'xylem job run shop-api smoke --in acme/test --wait',
  async run(invocation) {
    const { args, options, api } = invocation;
    const [component = '', job = ''] = args;
    const server = await api();
    const params = await environmentParams(server, options.in);
    const body = {
      component,
      job,
      stopped: options.stopped,
      ...(options.on === undefined ? {} : { where: options.on }),
      ...(options.hosts === undefined ? {} : { hosts: options.hosts }),
      ...(options.version === undefined ? {} : { version: options.version }),
    };
    const { runs: ordered } = await server.call('jobRun', { params, body });
    const runs = options.wait ? await waited(invocation, ordered, options.timeout) : ordered;
    const notes = runs.flatMap(({ host, note }) => (note === null ? [] : [`${host.name}: ${note}`]));
    const more = `See more: xylem job show ${(runs[0]?.id ?? '').slice(0, 12)}`;
    return {
      data: { runs },
      text: () => [runTable(runs), ...notes, more].join('\n'),
      exitCode: exitCodeOf(runs),
    };
  },
});

/** @throws XylemError E_TIMEOUT; the jobs go on all the same */
async function waited(
  { api, clock, signal, terminal }: Pick<Invocation, 'api' | 'clock' | 'signal' | 'terminal'>,
  ordered: readonly JobRun[],
  timeoutSeconds: number | undefined,
): Promise<JobRun[]> {
  const server = await api();
  const endMs =
    timeoutSeconds === undefined ? Number.POSITIVE_INFINITY : clock.monotonicMs() + timeoutSeconds * 1000;
  const now = new Map(ordered.map((run) => [run.id, run]));
  for (;;) {
    for (const run of [...now.values()].filter(isOpen)) {
      const shown = await server.call('jobShow', { params: { id: run.id } });
      now.set(run.id, shown);
      if (shown.state !== run.state)
        terminal.line(`${run.host.name}: ${run.component} ${run.job} ${shown.state}`);
      else if (shown.note !== null && shown.note !== run.note)
        terminal.line(`${run.host.name}: ${shown.note}`);
    }
    const open = [...now.values()].filter(isOpen);
    if (open.length === 0) return [...now.values()];
    if (clock.monotonicMs() > endMs) {
      const names = open.map(({ host }) => host.name).join(', ');
      throw new XylemError(
        'E_TIMEOUT',
        `Nothing was heard yet of the end on ${names}. The jobs go on: xylem job list --open`,
      );
    }
    await clock.sleep(lookMs, signal);
  }
}
