import { inRange } from '../versions.ts';
import type { Coming, Move, Outcome } from './outcome.ts';
import type { Need, PlacedComponent } from './placed.ts';

/**
 * The path from what comes by way of what it drags along, to the need that is not met if there is one:
 * `shop 2.4.0 needs libpay ^3 → libpay 3.1.0 breaks billing 1.2.0, which needs libpay <3`. Pure.
 */
export function pathText(
  before: readonly PlacedComponent[],
  coming: Coming,
  outcome: Exclude<Outcome, { kind: 'fits' }>,
): string {
  const { moves } = outcome;
  const needs = [...moves.map(({ because }) => because), ...('broken' in outcome ? [outcome.broken] : [])];
  const changed = new Set([coming.product]);
  const links = needs.map((need, index) => {
    const isOfChanged = changed.has(need.by.product);
    const next = moves[index];
    if (next !== undefined) changed.add(next.product);
    return isOfChanged ? wantText(need, next === undefined || index === needs.length - 1) : breakText(need);
  });
  const [first] = needs;
  return [...(first === undefined ? [] : why(before, coming, first)), ...links].join(' → ');
}

/** What a person does about it, one or two sentences; null where there is nothing to do. Pure. */
export function adviceText(
  before: readonly PlacedComponent[],
  coming: Coming,
  outcome: Outcome,
): string | null {
  switch (outcome.kind) {
    case 'fits':
      return null;
    case 'drags':
      return `Deploy first: ${movesText(before, outcome.moves)}.`;
    case 'together':
      return `It takes ${movesText(before, outcome.moves)} besides, and in no order do all fit in between: put what belongs together into one release.`;
    case 'conflict':
      return coming.release === null
        ? 'Update or undeploy first what needs it.'
        : 'No set of releases that is here fits: publish one that does.';
    case 'unknown':
      return 'No set of releases that was looked at fits; there are too many to look at all.';
  }
}

function movesText(before: readonly PlacedComponent[], moves: readonly Move[]): string {
  const isOnItsWay = ({ product, to }: Move): boolean =>
    before.some((one) => one.product === product && one.release === to);
  return moves
    .map((move) => `${move.product}@${move.to}${isOnItsWay(move) ? ' (which is on its way)' : ''}`)
    .join(', then ');
}

/** Why it brings what breaks another one, where one of its own components asks for it. */
function why(before: readonly PlacedComponent[], coming: Coming, { by, component, found }: Need): string[] {
  if (by.product === coming.product || coming.release === null) return [];
  const asking = coming.components.find((one) => {
    const range = one.requires[component];
    return (
      range !== undefined &&
      !before.some((other) => other.component === component && inRange(other.version, range))
    );
  });
  if (asking !== undefined)
    return [`${named(asking)} needs ${component} ${asking.requires[component]}${forText(asking)}`];
  const isItself = found.some((one) => one.component === one.product && one.version === one.release);
  return isItself ? [] : [`${coming.product} ${coming.release}`];
}

const named = ({ product, release }: PlacedComponent): string => `${product} ${release}`;
const forText = ({ product, component }: PlacedComponent): string =>
  component === product ? '' : ` (for ${component})`;

function wantText({ by, component, range, found, apart }: Need, isLast: boolean): string {
  const want = `${named(by)} needs ${component} ${range}${forText(by)}`;
  if (!isLast) return want;
  const there = found.map(({ version }) => version);
  if (there.length > 0) return `${want}, and there is ${component} ${there.join(', ')}`;
  return apart.length > 0
    ? `${want}, and ${component} is on no host with it (${by.component}: where ${by.where}; ${component}: where ${apart.map(({ where }) => where).join(', ')})`
    : `${want}, and there is none`;
}

function breakText({ by, component, range, found, apart }: Need): string {
  const who = `${by.component} ${by.version}`;
  const there = found.map(({ version }) => version);
  if (there.length > 0)
    return `${component} ${there.join(', ')} breaks ${who}, which needs ${component} ${range}`;
  return `${who} needs ${component} ${range}, and there would be none${apart.length > 0 ? ' on its hosts' : ''}`;
}
