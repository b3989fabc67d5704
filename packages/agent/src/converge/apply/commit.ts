import { formatTime } from '@xylem/platform';
import { slotFile } from '../../slot/record.ts';
import type { Execute } from './executor.ts';

export const commit: Execute<'commit'> = async ({ target, previous }, { component, tools }) => {
  const { slot } = tools.layout.component(component);
  const since = formatTime(tools.clock.now());
  await slotFile(slot, tools.log).write({ installed: target, since, previous, refused: null });
};
