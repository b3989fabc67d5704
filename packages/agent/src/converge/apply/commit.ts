import { formatTime } from '@xylem/platform';
import { sameInstall } from '../../slot/placed.ts';
import { slotFile } from '../../slot/record.ts';
import type { Execute } from './executor.ts';

export const commit: Execute<'commit'> = async ({ target, previous }, { component, tools }) => {
  const { slot } = tools.layout.component(component);
  const file = slotFile(slot, tools.log);
  const before = await file.read();
  const isSame = before?.installed != null && sameInstall(before.installed, target);
  const since = isSame ? before.since : formatTime(tools.clock.now());
  await file.write({ installed: target, since, previous, refused: null });
};
