import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { run } from '@xylem/testkit';
import type { Attack, Outcome } from './attack.ts';
import { type AttackLab, production, staging } from './lab.ts';
import type { Given } from './thief-main.ts';

const thiefMain = join(import.meta.dirname, 'thief-main.ts');

async function thief(words: readonly string[]): Promise<Record<string, Given>> {
  const { stdout } = await run(process.execPath, [thiefMain, ...words]);
  return JSON.parse(stdout) as Record<string, Given>;
}

/** @param granted what must be given: the control. Of all else nothing may be. */
function judge(
  given: Readonly<Record<string, Given>>,
  granted: readonly string[],
  isGiven: (answer: Given) => boolean,
): Outcome {
  for (const name of granted) {
    const answer = given[name];
    if (answer === undefined || !isGiven(answer))
      throw new Error(`the control, ${name}: ${JSON.stringify(answer)}`);
  }
  const others = Object.entries(given).filter(([name]) => !granted.includes(name));
  const said = others.map(([name, { status, body }]) => {
    const code = /E_[A-Z_]+/.exec(body)?.[0];
    return `${name}: ${status}${code === undefined ? '' : ` ${code}`}`;
  });
  const succeeded = others.filter(([, answer]) => isGiven(answer)).map(([name]) => name);
  return { tried: others.length, succeeded, said };
}

/** A report for another host is answered as the batch that it came in, with a watermark only where it was taken. */
const gave = ({ status, body }: Given): boolean =>
  status >= 200 && status < 300 && !body.includes('"watermarks":[]') && !body.includes('"changed":[]');

async function anObjectOf(lab: AttackLab, environment: string): Promise<string> {
  const folder = join(lab.folder, 'root', 'repository', 'o', environment);
  const [first = ''] = (await readdir(folder)).filter((name) => /^[0-9a-f]{64}$/.test(name));
  return `/o/${environment}/${first}`;
}

export const attacksByIdentity: readonly Attack[] = [
  {
    name: 'a stolen host key',
    holds: 'a host’s key and certificate',
    run: async (lab) => {
      const [mine, other] = [await lab.host('stolen'), await lab.host('neighbour')];
      const elsewhere = await lab.environment(staging);
      const words = [other.id, elsewhere, await anObjectOf(lab, elsewhere)];
      const outcome = judge(
        await thief(['host', lab.rootUrl, join(mine.state, 'identity'), ...words]),
        ['own direction', 'own report', 'own renewal'],
        gave,
      );
      const { agent } = await lab.show(other);
      const spokenFor = agent === '99.99.99' ? [`${other.name} was spoken for`] : [];
      return { ...outcome, succeeded: [...outcome.succeeded, ...spokenFor] };
    },
  },
  {
    name: 'a stolen join token',
    holds: 'a token for two hosts of one environment',
    run: async (lab) => {
      const made = (await lab.xylem.command(['token', 'create', '--env', production, '--uses', '2'])) as {
        token: string;
      };
      const joined = judge(
        await thief(['token', lab.rootUrl, made.token]),
        ['joining once', 'joining again'],
        gave,
      );
      const revoked = (await lab.xylem.command(['token', 'create', '--env', production])) as {
        token: string;
      };
      const id = revoked.token.split('.')[1] ?? '';
      await lab.xylem.command(['token', 'revoke', id]);
      const late = judge(await thief(['token', lab.rootUrl, revoked.token]), [], gave);
      return {
        tried: joined.tried + late.tried,
        succeeded: [...joined.succeeded, ...late.succeeded.map((name) => `${name}, revoked`)],
        said: [...joined.said, ...late.said.map((line) => `revoked, ${line}`)],
      };
    },
  },
];
