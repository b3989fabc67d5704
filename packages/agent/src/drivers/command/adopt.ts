import { access, rmdir } from 'node:fs/promises';
import type { Difference } from '../../adopt/differences.ts';
import type { DriverAdoption } from '../driver.ts';
import { observed } from './ask.ts';
import { touched } from './touched.ts';

/**
 * The package's own `observe` says whether what is there is what it would bring; then `apply` does not run, and neither
 * does any other program of it. `observe` itself runs only where an order stands and its tree is in place.
 */
export const adoptCommand: DriverAdoption = {
  keeps: ['switch', 'commit', 'retire'],
  refusal: (_target, { unit, container }) =>
    unit === null && container === null ? null : 'it is of kind command, which is no unit and no container',
  found: async () => ['its observe is not run before its adoption is ordered'],
  compare: async (target, _source, tools) => {
    if (!(await isThere(tools.layout.component(target.component).tree(target.tree)))) return [];
    const { state, detail = '' } = await observed(target, tools);
    switch (state) {
      case 'applied':
        return [];
      case 'absent':
        return [{ path: 'its observe', what: 'finds nothing of it here' }];
      case 'differs':
        return namedIn(detail);
    }
  },
  takeOver: async (target, _source, tools) => {
    await touched.write(target.component, { placed: target, previous: null }, tools);
  },
  giveBack: async (component, tools) => {
    await touched.forget(component, tools);
    // `observe` was given a folder; one that holds nothing is no data.
    await rmdir(tools.layout.component(component).data).catch(() => undefined);
  },
};

/** A report takes no longer words. */
const mostCharacters = 240;

/** Each line of what `observe` says besides names one. Pure. */
function namedIn(detail: string): Difference[] {
  const lines = detail
    .split('\n')
    .map((line) => line.replaceAll(/\p{Cc}/gu, ' ').trim())
    .filter((line) => line !== '');
  const said = lines.length === 0 ? ['it is not as it should be'] : lines;
  return said.map((line) => ({ path: 'its observe', what: `says: ${line.slice(0, mostCharacters)}` }));
}

const isThere = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );
