import type { Simulation } from '../system-packages/system.ts';

/** Reads what `apt-get --simulate` prints. Pure. */
export function parseSimulation(output: string): Simulation {
  const installs = new Map<string, string>();
  const removes: string[] = [];
  for (const line of output.split('\n')) {
    const [, act = '', name = '', rest = ''] = /^(Inst|Remv|Purg) (\S+)(.*)$/.exec(line) ?? [];
    if (act === 'Inst') installs.set(name, /\((\S+)/.exec(rest)?.[1] ?? '');
    else if (act !== '') removes.push(name);
  }
  return { installs, removes };
}
