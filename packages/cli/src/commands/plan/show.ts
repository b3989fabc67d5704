import { XylemError } from '@xylem/core';
import type { PlanBehind, PlanDetail } from '@xylem/root/contract';
import type { Api } from '../../api/client.ts';
import { defineCommand } from '../../frame/define.ts';
import { only } from '../../frame/words.ts';
import { behindText } from '../deployment/behind-text.ts';
import { watchOptions } from '../deployment/shared.ts';
import { planText } from './shared.ts';
import { watchPlan } from './watch.ts';

const { watch, timeout } = watchOptions;

export const command = defineCommand({
  arguments: '<id>',
  about: `As it was prepared; once it was started where it stands, and which hosts are not where it wants them. With --json also
every host that it would change by what is known now.`,
  options: { watch, timeout },
  example: 'xylem plan show p-567073cb9f4b --watch',
  async run(invocation) {
    const { args, api, json, options } = invocation;
    const params = { id: only(args) };
    if (options.watch) return await watchPlan(invocation, params.id, options.timeout);
    const server = await api();
    const plan = await server.call('planShow', { params });
    const behind = await behindOf(server, plan);
    if (!json) return { data: plan, text: () => [planText(plan), ...behindText(behind)].join('\n') };
    const changes = [];
    let after: string | null = '';
    while (after !== null) {
      const query: { after?: string } = after === '' ? {} : { after };
      const page = await server.call('planHosts', { params, query });
      changes.push(...page.changes);
      after = page.after;
    }
    return { data: { ...plan, changes, ...(behind === undefined ? {} : { behind }) }, text: '' };
  },
});

async function behindOf(server: Api, { id, deployments }: PlanDetail): Promise<PlanBehind | undefined> {
  if (deployments.length === 0) return undefined;
  try {
    return await server.call('planBehind', { params: { id } });
  } catch (error) {
    // An older root server, which does not know the question.
    if (error instanceof XylemError && error.code === 'E_NOT_FOUND') return undefined;
    throw error;
  }
}
