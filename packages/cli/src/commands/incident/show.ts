import type { IncidentDetail } from '@xylem/root/contract';
import { defineCommand } from '../../frame/define.ts';
import { tabulate } from '../../frame/tabulate.ts';
import { only } from '../../frame/words.ts';
import { incidentTable, secondsText } from './shared.ts';

export const command = defineCommand({
  arguments: '<id>',
  about:
    'Up to 100 of the hosts that show it, those that still do first, and the newest 200 entries of its history.',
  example: 'xylem incident show i-3f9a02c41b77',
  async run({ args, api }) {
    const data = await (await api()).call('incidentShow', { params: { id: only(args) } });
    return { data, text: () => about(data).join('\n') };
  },
});

function about(incident: IncidentDetail): string[] {
  const { began, recovered, closed, closedBy, closeReason, reopened, subjects, seen } = incident;
  const lines = [incidentTable([incident]), ''];
  lines.push(`Began ${began}, detected after ${secondsText(incident.secondsToDetect)}.`);
  if (recovered !== null)
    lines.push(`Recovered ${recovered}, ${secondsText(incident.secondsToRecover)} after it began.`);
  if (reopened > 0) lines.push(`It came back ${reopened} times.`);
  if (closed !== null)
    lines.push(
      `Closed ${closed} by ${closedBy === null ? 'evidence' : `${closedBy}: ${closeReason ?? ''}`}.`,
    );
  lines.push(
    '',
    tabulate(
      ['SEEN AT', 'SINCE', 'UNTIL', 'WHAT'],
      seen.map(({ subject, name, since, ended, message }) => [name ?? subject, since, ended ?? '', message]),
      'Nobody shows it.',
    ),
  );
  if (subjects > seen.length) lines.push(`... and ${subjects - seen.length} more`);
  lines.push(
    '',
    tabulate(
      ['TIME', 'WHAT', 'BY', ''],
      incident.events.map(({ time, kind, by, message }) => [time, kind, by ?? '', message]),
      'Nothing has happened to it.',
    ),
  );
  return lines;
}
