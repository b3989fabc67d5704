import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { silentLog, systemClock, systemRandomness } from '@xylem/platform';
import { initRoot, runRoot } from '@xylem/root';
import { removeLater, tempFolder } from '@xylem/testkit';
import { generateKey, type KeyPair } from '@xylem/trust';
import { saveKey } from '../publishing/key-ring.ts';
import { runHere, type Said } from './run-here.ts';

export interface RootHere {
  readonly folder: string;
  readonly home: string;
  readonly url: string;
  readonly nodesUrl: string;
  /** Of full rights. */
  readonly token: string;
  /** Kept nowhere but here; of the vendor's keys only the one of targets lies in `home`. */
  readonly rootKey: KeyPair;
  /** Runs the program as whoever is logged in there; by default the operator. */
  xylem(words: readonly string[], home?: string): Promise<Said>;
  close(): Promise<void>;
}

/** A real root server in this process, and the program logged in to it, by who may create products. */
export async function rootHere(t: Pick<TestContext, 'after'>): Promise<RootHere> {
  const folder = join(await tempFolder(t, 'root'), 'state');
  const home = await tempFolder(t, 'home');
  const ports = { clock: systemClock, randomness: systemRandomness };
  const vendor = { rootKey: generateKey(), targetsKey: generateKey() };
  await saveKey(join(home, 'keys'), 'targets', vendor.targetsKey, undefined);
  const { operatorToken } = await initRoot({ stateFolder: folder, ...ports, vendor });
  const any = { host: '127.0.0.1', port: 0 };
  const running = await runRoot({ stateFolder: folder, api: any, nodes: any, ...ports, log: silentLog });
  removeLater(t, () => running.close());
  const token = operatorToken ?? '';
  const xylem = (words: readonly string[], of: string = home) => runHere(words, { XYLEM_HOME: of });
  const said = await xylem(['login', running.apiUrl, '--token', token]);
  if (said.code !== 0) throw new Error(said.stderr);
  return {
    folder,
    home,
    url: running.apiUrl,
    nodesUrl: running.nodesUrl,
    token,
    rootKey: vendor.rootKey,
    xylem,
    close: () => running.close(),
  };
}
