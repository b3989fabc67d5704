import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Lab } from '../lab.ts';

/** What the logs of these processes warn of, and how often, since they were started. */
export async function faultsIn(
  { logs }: Pick<Lab, 'logs'>,
  names: readonly string[],
): Promise<Map<string, number>> {
  const faults = new Map<string, number>();
  for (const name of names) {
    const lines = createInterface({
      input: createReadStream(join(logs, `${name}.log`)),
      crlfDelay: Number.POSITIVE_INFINITY,
    });
    for await (const line of lines) {
      const what = faultOf(line);
      if (what === null) continue;
      const where = name === 'root' ? 'root server' : 'relay';
      faults.set(`${where}, ${what}`, (faults.get(`${where}, ${what}`) ?? 0) + 1);
    }
  }
  return faults;
}

/** The event of a warning or an error, with the code of what it names; null: the line is neither. */
function faultOf(line: string): string | null {
  if (!line.includes('"level":"warn"') && !line.includes('"level":"error"')) return null;
  const { event, error } = JSON.parse(line) as { event: string; error?: { code?: string } };
  return error?.code === undefined ? event : `${event}: ${error.code}`;
}
