import type { ExplainedComponent } from '@xylem/agent';
import { counted, sizeText } from '../../frame/words.ts';
import { faultText } from './fault-text.ts';

type Transfer = NonNullable<ExplainedComponent['transfer']>;
type Choice = NonNullable<Transfer['choice']>;

/** How the last tree of a component came, and what else there was. Pure. */
export function transferText(transfer: Transfer | null): string[] {
  if (transfer === null) return ['  how its tree came was not noted'];
  const { time, seconds, bytesPerSecond, choice, took } = transfer;
  const parts = [
    [took.seededBytes, 'kept from what was here'],
    [took.resumedBytes, 'had come before a break'],
    [took.patchedBytes, 'made by a patch'],
  ] as const;
  const rest = parts.filter(([bytes]) => bytes > 0).map(([bytes, what]) => `${sizeText(bytes)} ${what}`);
  const came = `${sizeText(took.fetchedBytes)} in ${counted(took.requests, 'request')} and ${seconds.toFixed(1)} s`;
  const rate = bytesPerSecond === null ? 'not known' : `${sizeText(bytesPerSecond)} a second`;
  return [
    `  its tree of ${sizeText(took.sizeBytes)} came by ${[came, ...rest].join('; ')} (${time})`,
    `  what parents gave before: ${rate}`,
    ...(choice === null
      ? [took.requests === 0 ? '  nothing had to be fetched' : '  by chunks: no patch was weighed']
      : choice.roads.flatMap((road) => roadText(road, choice))),
  ];
}

function roadText(road: Choice['roads'][number], choice: Choice): string[] {
  const { kind, from, requests } = road;
  const ways = { patch: `by patch from the tree ${from?.slice(0, 12)}`, chunks: 'by chunks', whole: 'whole' };
  const asked = requests === undefined ? '' : ` in ${counted(requests, 'request')}`;
  const about = road.seconds === null ? '' : `, about ${road.seconds.toFixed(1)} s`;
  const taken = kind === choice.kind ? ` (taken: ${choice.why})` : '';
  const { nowhere } = road;
  const tried = nowhere === undefined ? '' : ' (tried first, in vain)';
  return [
    `  ${ways[kind]}: ${sizeText(road.bytes)}${asked}${about}${taken}${tried}`,
    ...(nowhere === undefined ? [] : faultText(nowhere, '    ')),
  ];
}
