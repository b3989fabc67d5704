// bench/run NAME [--json] [arguments]: prints the machine, the inputs, and last one JSON line with the figures.
import { cpus, release, totalmem, type } from 'node:os';
import { errorCodes, exitCodes, XylemError } from '@xylem/core';
import type { Bench } from './bench.ts';

/** Every bench there is, loaded when it is asked for. */
const benches: Readonly<Record<string, () => Promise<{ readonly bench: Bench }>>> = {
  attacks: () => import('./attacks.ts'),
  crash: () => import('./crash.ts'),
  fleet: () => import('./fleet.ts'),
  fuzz: () => import('./fuzz.ts'),
  handshakes: () => import('./handshakes.ts'),
  idle: () => import('./idle.ts'),
  install: () => import('./install.ts'),
  judged: () => import('./judged.ts'),
  peers: () => import('./peers.ts'),
  plans: () => import('./plans.ts'),
  publish: () => import('./publish.ts'),
  reports: () => import('./reports.ts'),
  separation: () => import('./separation.ts'),
  simulate: () => import('./simulate.ts'),
  start: () => import('./start.ts'),
  static: () => import('./static.ts'),
  switch: () => import('./switch.ts'),
  timing: () => import('./timing.ts'),
  update: () => import('./update.ts'),
  verdicts: () => import('./verdicts.ts'),
  verification: () => import('./verification.ts'),
  where: () => import('./where.ts'),
};

async function main(words: readonly string[]): Promise<number> {
  const json = words.includes('--json');
  const [name = '', ...rest] = words.filter((word) => word !== '--json');
  const load = benches[name];
  if (load === undefined) {
    const known = Object.keys(benches).join(', ');
    throw new XylemError(
      'E_INPUT',
      name === '' ? `Say which bench: ${known}.` : `There is no bench "${name}"; there are: ${known}.`,
    );
  }
  const { bench } = await load();
  if (rest.includes('--help')) {
    process.stdout.write(`bench/run ${name} ${bench.usage}\n`);
    return exitCodes.ok;
  }
  const say = (line: string): void => void (json ? process.stderr : process.stdout).write(`${line}\n`);
  const [cpu] = cpus();
  say(
    `machine: ${cpus().length} x ${cpu?.model.trim()}, ${Math.round(totalmem() / 2 ** 30)} GiB, ${type()} ${release()}, Node ${process.version}`,
  );
  const { inputs, figures, rows } = await bench.run(rest, say);
  for (const [key, value] of Object.entries(inputs)) say(`${key}: ${value}`);
  process.stdout.write(`${JSON.stringify({ bench: name, figures: { ...figures, rows } })}\n`);
  return exitCodes.ok;
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  const fault =
    error instanceof XylemError ? error : new XylemError('E_INTERNAL', String(error), { cause: error });
  process.stderr.write(`xylem: error ${fault.code}: ${fault.message}\n  ${errorCodes[fault.code].advice}\n`);
  if (process.env.XYLEM_DEBUG) process.stderr.write(`${error instanceof Error ? error.stack : ''}\n`);
  process.exitCode = errorCodes[fault.code].exitCode;
}
