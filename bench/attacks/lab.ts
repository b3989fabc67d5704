import { mkdir, readFile, realpath, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type AgentTiming, joinHost } from '@xylem/agent';
import type { Digest, Version } from '@xylem/core';
import { silentLog, systemClock, systemRandomness } from '@xylem/platform';
import {
  type Cleanup,
  differences,
  listing,
  type Program,
  program,
  removeLater,
  type StartedProcess,
  startProcess,
  startRoot,
  tempFolder,
  waitUntil,
  xylemEntry,
} from '@xylem/testkit';
import { loadIdentity, type ProductRoleContent, readTimestamp, saveIdentity } from '@xylem/trust';
import type { Lie } from './lies.ts';
import { MaliciousRelay } from './malicious-relay.ts';
import { rule } from './publisher.ts';
import type { Order } from './relay-main.ts';

const checkout = join(import.meta.dirname, '..', '..');
const agentMain = join(checkout, 'packages', 'agent', 'src', 'testing', 'agent-main.ts');
const deadlineMs = 60_000;

/** As an agent's own, but minutes are seconds. */
const quick = {
  pollMs: 250,
  newsHoldMs: 2_000,
  timestampMs: 2_000,
  retryMinMs: 50,
  retryMaxMs: 500,
  returnToFirstMs: 1_000,
  reportCoalesceMs: 50,
  reportRetryMinMs: 200,
  reportLookMs: 200,
  reportWorkMs: 200,
  reportRetryMaxMs: 1_000,
  slotRetryMs: 300,
  observeMs: 1_000,
};

/** A host that attackers aim at: a process of the agent, its state folder, what it should hold. */
export interface Victim {
  readonly name: string;
  readonly id: string;
  readonly state: string;
  readonly pid: number;
  /** The end of its log. */
  log(): string;
}

/** What `xylem host show` says of a host. */
export interface Shown {
  readonly directionNumber: number | null;
  readonly agent: string | null;
  readonly waiting: readonly { readonly code: string; readonly message: string }[];
  readonly components: readonly {
    readonly component: string;
    readonly version: string | null;
    readonly refused: { readonly code: string } | null;
  }[];
  readonly transfer: { readonly refusedObjects: number } | null;
}

export const production = 'acme/production';
export const staging = 'acme/staging';

/** One root server, its operator and publisher, and one malicious relay; hosts are added by each attack. */
export class AttackLab {
  readonly xylem: Program;
  readonly folder: string;
  readonly context: Cleanup;
  readonly #api: { readonly url: string; readonly token: string };
  readonly #relay: MaliciousRelay;
  readonly rootUrl: string;
  readonly #trees = new Map<string, Awaited<ReturnType<typeof listing>>>();
  #patch = 0;
  #agents: StartedProcess[] = [];

  private constructor(options: {
    xylem: Program;
    folder: string;
    context: Cleanup;
    api: { url: string; token: string };
    relay: MaliciousRelay;
    rootUrl: string;
  }) {
    this.xylem = options.xylem;
    this.folder = options.folder;
    this.context = options.context;
    this.#api = options.api;
    this.#relay = options.relay;
    this.rootUrl = options.rootUrl;
  }

  static async create(context: Cleanup): Promise<AttackLab> {
    const folder = await tempFolder(context, 'attacks');
    const at = (name: string): string => join(folder, name);
    const xylem = program({ entry: xylemEntry, home: at('home'), logs: at('logs') });
    removeLater(context, () => xylem.stop());
    const { apiUrl, token } = await startRoot(xylem, at('root'), 'acme');
    for (const name of [production, staging]) {
      const file = at(`${name.replace('/', '-')}.yaml`);
      await writeFile(file, environmentYaml(name));
      await xylem.command(['env', 'create', name, '--file', file]);
    }
    const words = ['token', 'create', '--env', production, '--serve', '--serves', '*'];
    const made = (await xylem.command(words)) as { token: string; url: string };
    await joinAt(at('relay'), made.url, made.token, 'relay', true);
    const relay = await MaliciousRelay.start(context, join(at('relay'), 'identity'), made.url);
    return new AttackLab({
      xylem,
      folder,
      context,
      api: { url: apiUrl, token },
      relay,
      rootUrl: made.url,
    });
  }

  /** Asks the API as the operator. */
  async api(method: string, path: string, body?: unknown): Promise<{ status: number; body: unknown }> {
    const response = await fetch(`${this.#api.url}/api/v1${path}`, {
      method,
      headers: {
        authorization: `Bearer ${this.#api.token}`,
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return { status: response.status, body: await response.json() };
  }

  async show(host: Victim): Promise<Shown> {
    return (await this.api('GET', `/hosts/${host.id}`)).body as Shown;
  }

  /** Joins a host through the relay and starts its agent. By default it knows no other parent. */
  async host(
    name: string,
    options: { alsoRoot?: boolean; timing?: Partial<AgentTiming>; lies?: readonly Lie[] } = {},
  ): Promise<Victim> {
    const made = (await this.xylem.command(['token', 'create', '--env', production])) as { token: string };
    const state = join(this.folder, name);
    await joinAt(state, this.#relay.url, made.token, name, false);
    const identity = await loadIdentity(join(state, 'identity'));
    if (identity === null) throw new Error(`${name} did not join`);
    const parents = options.alsoRoot === true ? [this.#relay.url, this.rootUrl] : [this.#relay.url];
    await saveIdentity(join(state, 'identity'), { ...identity, parents });
    if (options.lies !== undefined) await this.lie({ victim: identity.host, lies: options.lies });
    const timing = { ...quick, ...options.timing };
    const agent = await startProcess({
      context: this.context,
      command: process.execPath,
      args: [agentMain, state, JSON.stringify(timing)],
    });
    this.#agents.push(agent);
    const log = (): string => agent.stderr().split('\n').slice(-6).join('\n');
    return { name, id: identity.host, state, pid: agent.pid, log };
  }

  /** Ends all agents: hosts that poll for nobody's sake only slow the next attack. */
  async stopHosts(): Promise<void> {
    await Promise.all(this.#agents.splice(0).map((agent) => agent.kill()));
  }

  /**
   * Publishes `payload` in a new version, and the release of it.
   * @param noiseBytes so much of it can't be made smaller
   * @returns the version
   */
  async release(noiseBytes = 0): Promise<string> {
    this.#patch += 1;
    const version = `1.${this.#patch}.0`;
    const folder = join(this.folder, `payload-${version}`);
    await mkdir(join(folder, 'tree'), { recursive: true });
    await writeFile(join(folder, 'tree', 'version.txt'), version);
    await writeFile(join(folder, 'tree', 'more.txt'), `${version}\n`.repeat(5_000));
    if (noiseBytes > 0) await writeFile(join(folder, 'tree', 'noise'), systemRandomness.bytes(noiseBytes));
    await writeFile(
      join(folder, 'xylem.yaml'),
      `product: shop\ncomponent: payload\nversion: ${version}\nkind: files\nfolder: tree\n`,
    );
    await this.xylem.command(['package', 'publish', folder]);
    await this.xylem.command(['release', 'create', `shop@${version}`, '--with', `payload@${version}`]);
    this.#trees.set(version, await listing(join(folder, 'tree')));
    return version;
  }

  async deploy(version: string, to = production): Promise<void> {
    await this.xylem.command(['deploy', `shop@${version}`, '--to', to, '--yes']);
  }

  /** Gives direction something new to sign that changes no component. */
  async change(): Promise<void> {
    this.#patch += 1;
    const before = await this.#directed();
    await this.xylem.command(['host', 'label', '*', `change=${this.#patch}`, '--yes']);
    await waitUntil(async () => (await this.#directed()) !== before, deadlineMs, 'the next desired state');
  }

  /** Until whatever is signed next has a higher version than `production` has: two changes of one second count on ahead. */
  async versionsAreOver(): Promise<void> {
    const { version } = readTimestamp(Buffer.from(await this.#directed()));
    await waitUntil(async () => systemClock.now() >= (version + 1) * 1_000, deadlineMs, 'the next second');
  }

  async #directed(): Promise<string> {
    const at = join(this.folder, 'root', 'repository', 'r', await this.environment(production), 'metadata');
    return await readFile(join(at, 'timestamp.json'), 'utf8');
  }

  /** The published version that a host holds, byte by byte; null for none. Anything else is the attacker's success. */
  async holds(host: Victim): Promise<string | null> {
    // One tree throughout, though the host may switch meanwhile.
    const current = await realpath(join(host.state, 'components', 'payload', 'current')).catch(() => null);
    if (current === null) return null;
    const version = await readFile(join(current, 'version.txt'), 'utf8').catch(() => null);
    if (version === null) return null;
    const published = this.#trees.get(version);
    const installed = await listing(current).catch(() => null);
    if (installed === null) return this.holds(host);
    const isWhole = published !== undefined && differences(published, installed).length === 0;
    return isWhole ? version : `what nobody published: ${version.slice(0, 50)}`;
  }

  async arrives(host: Victim, version: string): Promise<void> {
    await waitUntil(
      async () => (await this.holds(host)) === version,
      deadlineMs,
      `${version} at ${host.name}`,
    );
  }

  /** Waits until a host remembers the floor of its product. */
  async knows(host: Victim, floor: string): Promise<void> {
    const accepted = join(host.state, 'accepted.json');
    const isKnown = async (): Promise<boolean> => {
      const { floors } = JSON.parse(await readFile(accepted, 'utf8')) as { floors: Record<string, string> };
      return Object.values(floors).includes(floor);
    };
    await waitUntil(isKnown, deadlineMs, `${host.name} to know the floor ${floor}`);
  }

  /** Has the relay lie to one host; resolves when it does. */
  async lie(order: Order): Promise<void> {
    await this.#relay.lie(order);
  }

  async honest(host: Victim): Promise<void> {
    await this.lie({ victim: host.id, lies: [] });
  }

  /** How many lies a host was told since its last order. */
  async told(host: Victim): Promise<number> {
    return await this.#relay.told(host.id);
  }

  /** Waits until a host was told at least one lie and said one of `codes` to its operator. @returns what it said */
  async says(host: Victim, codes: readonly string[]): Promise<{ tried: number; said: string }> {
    return await waitUntil(
      async () => {
        const tried = await this.told(host);
        const { waiting, transfer, components } = await this.show(host);
        const heard = [
          ...waiting.map(({ code }) => code),
          ...components.flatMap(({ refused }) => refused?.code ?? []),
        ];
        const code = heard.find((one) => codes.includes(one));
        const isRefused = codes.includes('refusedObjects') && (transfer?.refusedObjects ?? 0) > 0;
        const said = code ?? (isRefused ? 'refusedObjects' : undefined);
        if (tried > 0 && said !== undefined) return { tried, said };
        throw new Error(`told ${tried} lies; it said ${JSON.stringify(waiting)}, and logged ${host.log()}`);
      },
      deadlineMs,
      `${host.name} to say one of ${codes.join(', ')}`,
    );
  }

  /** As `says`, of one to whom nobody lies. */
  async refusal(host: Victim, codes: readonly string[]): Promise<string> {
    return await waitUntil(
      async () => (await this.show(host)).waiting.find(({ code }) => codes.includes(code))?.code,
      deadlineMs,
      `${host.name} to say one of ${codes.join(', ')}`,
    );
  }

  async environment(name: string): Promise<string> {
    const { body } = await this.api('GET', '/environments');
    const { environments } = body as { environments: { id: string; name: string }[] };
    const found = environments.find((one) => one.name === name);
    if (found === undefined) throw new Error(`no ${name} in ${JSON.stringify(body)}`);
    return found.id;
  }

  /** A key file of the root server: what a thief of it would have. */
  async keyOf(role: 'director' | 'snapshot' | 'timestamp'): Promise<string> {
    return join(this.folder, 'root', 'keys', 'direction', await this.environment(production), `${role}.pem`);
  }

  /** Digest of a release, and of its package. */
  async released(version: string): Promise<{ release: Digest; package: Digest; version: Version }> {
    const { body } = await this.api('GET', `/products/shop/releases/${version}`);
    const { release, packages } = body as { release: Digest; packages: { package: Digest }[] };
    const [first] = packages;
    if (first === undefined) throw new Error(`no release ${version}`);
    return { release, package: first.package, version: version as Version };
  }

  /** The publisher changes what the product's role says, with the key of its home. */
  async rule(rules: Pick<ProductRoleContent, 'floor' | 'withdrawn'>, version: string): Promise<void> {
    const { release } = await this.released(version);
    await rule(this, join(this.folder, 'home', 'keys'), rules, { version, release });
  }
}

function environmentYaml(name: string): string {
  return `environment: ${name}\nproducts:\n  shop:\n    components:\n      payload: { where: not role = service }\n`;
}

async function joinAt(
  stateFolder: string,
  url: string,
  token: string,
  name: string,
  serve: boolean,
): Promise<void> {
  const ports = { clock: systemClock, randomness: systemRandomness, log: silentLog };
  await joinHost({ url, token, stateFolder, name, serve, ...ports });
}
