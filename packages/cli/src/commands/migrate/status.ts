import type { Migrations } from '@xylem/root/contract';
import { defineCommand } from '../../frame/define.ts';
import { counted, sizeText } from '../../frame/words.ts';
import { environmentParams } from '../../selection/environments.ts';
import { whereOption } from './shared.ts';

type Database = Migrations['databases'][number];

export const command = defineCommand({
  about:
    'Each database: the schemas that it serves, what was ordered last, what is due and who holds it up, its backups.',
  options: whereOption,
  example: 'xylem migrate status --in acme/production',
  async run({ options, api }) {
    const server = await api();
    const data = await server.call('migrationList', { params: await environmentParams(server, options.in) });
    return {
      data,
      text: () =>
        data.databases.length === 0
          ? `No package of ${data.environment.name} says that it works with a database.`
          : data.databases.map((one) => about(one).join('\n')).join('\n\n'),
    };
  },
});

function about({ database, oldest, newest, last, next, waitsFor, backups, excluded }: Database): string[] {
  const serves =
    oldest > newest ? `is between schema ${newest} and ${oldest}` : `serves schema ${oldest} to ${newest}`;
  const lines = [`${database} ${oldest === newest ? `has schema ${newest}` : serves}.`];
  if (last !== null) {
    const { action, phase, to, runner, term, state, doing, checkpoint, message } = last;
    const what = phase === null ? action : `${action} ${phase}`;
    const now = state === 'running' ? (doing ?? 'not heard of yet') : state;
    const at = checkpoint === null ? '' : `, checkpoint ${checkpoint}`;
    lines.push(`  last: ${what} to ${to} by ${runner.name}, term ${term}: ${now}${at}`);
    if (message !== null) lines.push(`        ${message}`);
  }
  if (next !== null && last?.state !== 'running') lines.push(`  next: ${next.phase} to ${next.to}`);
  for (const { name, component, version, accepts, how } of waitsFor.slice(0, 10)) {
    const does = how === 'runs' ? 'runs' : 'is directed to';
    lines.push(
      `        held up: ${name} ${does} ${component} ${version}, which accepts ${accepts.from} to ${accepts.to}`,
    );
  }
  if (waitsFor.length > 10) lines.push(`        and ${counted(waitsFor.length - 10, 'more')}`);
  for (const { term, name, path, sizeBytes, made } of backups)
    lines.push(`  backup ${term}: ${sizeText(sizeBytes)} of ${made} on ${name}, ${path}`);
  for (const { name, to, by, reason } of excluded)
    lines.push(`  left out of the contract to ${to}: ${name}, by ${by}: ${reason}`);
  return lines;
}
