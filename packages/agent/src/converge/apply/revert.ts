import { mkdir } from 'node:fs/promises';
import { formatTime } from '@xylem/platform';
import { slotFile } from '../../slot/record.ts';
import type { Execute } from './executor.ts';

/** Remembers what is not taken. The way back is then the ordinary way to what was committed. */
export const revert: Execute<'revert'> = async ({ refusal }, { component, tools }) => {
  const { slot, folder } = tools.layout.component(component);
  await mkdir(folder, { recursive: true, mode: 0o755 });
  const file = slotFile(slot, tools.log);
  const since = formatTime(tools.clock.now());
  const record = (await file.read()) ?? { installed: null, since, previous: [], refused: null };
  await file.write({ ...record, refused: refusal });
};
