// A host under systemd that loses its power: node power-main.ts prepare|go|look FOLDER [VERSION [POINT]] (power.test.ts).
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { silentLog, systemClock } from '@xylem/platform';
import { currentTree } from '../../converge/observe.ts';
import { stateLayout } from '../../state/layout.ts';
import { systemdSupervisor } from '../../supervisor/systemd/client.ts';
import { systemctl } from '../../supervisor/systemd/systemctl.ts';
import { unitOf } from '../../supervisor/systemd/unit.ts';
import { convergeOnce } from '../converge-once.ts';
import { Bench } from '../crash-sweep.ts';
import { contentsOf, temporaryNames } from '../leaks.ts';
import { httpService } from '../packages.ts';

const [what = '', folder = '', version = '', point = ''] = process.argv.slice(2);
const state = '/var/lib/xylem/host';
const port = 8080;
const wanted = (of: string): string => join(folder, `wanted-${Number.parseInt(of, 10)}.json`);

if (what === 'prepare') {
  await mkdir(state, { recursive: true, mode: 0o700 });
  const bench = new Bench(folder);
  // One kept tree less to look at: each update fetches, and removes the former.
  for (const one of ['1.0.0', '2.0.0'])
    await bench.wanted([httpService({ component: 'api', version: one, port })], { keepPrevious: 0 });
}
if (what === 'go') {
  const result = await convergeOnce(state, wanted(version), silentLog, {
    supervisor: systemdSupervisor({
      stateFolder: state,
      clock: systemClock,
      log: silentLog,
      changed: () => undefined,
    }),
    onJournalPoint: async (at) => {
      if (at !== point) return;
      await writeFile(join(folder, 'reached'), at);
      // Until the power goes.
      await new Promise(() => setInterval(() => undefined, 1_000));
    },
  });
  const slot = result.slots.get('api');
  process.stdout.write(
    JSON.stringify({
      rested: result.rested,
      waiting: [...result.waiting.values()],
      installed: slot?.record?.installed?.version ?? null,
      trees: slot?.trees.length,
      partials: slot?.partials.length,
      answers: await (await fetch(`http://127.0.0.1:${port}/`)).text(),
    }),
  );
}
if (what === 'look') {
  const { current, data } = stateLayout(state).component('api');
  const units = await systemctl(['list-units', '--all', '--plain', '--no-legend', unitOf('*')]);
  process.stdout.write(
    JSON.stringify({
      current: await currentTree(current),
      data: await contentsOf(data),
      temporary: await temporaryNames(state),
      units: units.split('\n').filter((line) => line !== '').length,
    }),
  );
}
process.exit(0);
