import { type ChildProcess, fork } from 'node:child_process';
import { join } from 'node:path';
import { type Cleanup, removeLater, waitUntil } from '@xylem/testkit';
import type { Order, Said } from './relay-main.ts';

const main = join(import.meta.dirname, 'relay-main.ts');
const deadlineMs = 60_000;

/** The process of `relay-main.ts`, and what is said to it. */
export class MaliciousRelay {
  readonly url: string;
  readonly #process: ChildProcess;
  readonly #heard: readonly Said[];

  private constructor(url: string, child: ChildProcess, heard: readonly Said[]) {
    this.url = url;
    this.#process = child;
    this.#heard = heard;
  }

  /** Starts it with a relay's genuine identity. */
  static async start(context: Cleanup, identityFolder: string, parent: string): Promise<MaliciousRelay> {
    const child = fork(main, [identityFolder, parent], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
    removeLater(context, () => void child.kill('SIGKILL'));
    const heard: Said[] = [];
    child.on('message', (said: Said) => heard.push(said));
    const { url } = await waitUntil(() => heard.find((said) => 'url' in said), deadlineMs, 'the relay');
    return new MaliciousRelay(url, child, heard);
  }

  /** Has it lie to one host; resolves when it does. */
  async lie(order: Order): Promise<void> {
    const before = this.#heard.length;
    this.#process.send(order);
    await waitUntil(
      () => this.#heard.slice(before).some((said) => 'done' in said && said.done === order.victim),
      deadlineMs,
      `lies to ${order.victim}`,
    );
  }

  /** How many lies a host was told since its last order. */
  async told(victim: string): Promise<number> {
    const before = this.#heard.length;
    this.#process.send('told');
    const said = await waitUntil(
      () => this.#heard.slice(before).find((one) => 'told' in one),
      deadlineMs,
      'the relay',
    );
    return 'told' in said ? (said.told[victim] ?? 0) : 0;
  }
}
