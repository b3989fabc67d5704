import type { Deployment } from '@xylem/root/contract';
import { tabulate } from '../../frame/tabulate.ts';

type Compared = NonNullable<Deployment['figures']>[number];
type Figure = Compared['before'];

/** Figures before a deployment and after it, side by side. */
export function figuresText(figures: readonly Compared[]): string {
  const rows = figures.map(({ name, before, after, errors, load, fault }) => [
    name,
    share(before),
    share(after),
    times(errors),
    rate(before),
    rate(after),
    times(load),
    fault ?? '',
  ]);
  const heads = ['METRIC', 'BAD BEFORE', 'AFTER', 'RATIO', 'LOAD BEFORE', 'AFTER', 'RATIO', ''];
  return tabulate(heads, rows, 'No figures.');
}

const missing = '-';
const share = (figure: Figure): string =>
  figure === null || figure.all === 0 ? missing : `${((100 * figure.bad) / figure.all).toFixed(2)} %`;
const rate = (figure: Figure): string =>
  figure === null ? missing : `${(figure.all / figure.seconds).toFixed(2)}/s`;
const times = (ratio: number | null): string => (ratio === null ? missing : `${ratio.toFixed(2)}×`);
