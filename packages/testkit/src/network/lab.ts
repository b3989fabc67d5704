import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Cleanup, removeLater } from '../cleanup.ts';
import { installDebian } from '../install-debian.ts';
import { run } from '../run.ts';
import { type StartedProcess, startProcess } from '../start-process.ts';
import { isRoot, type Unavailable } from '../unavailable.ts';
import { type Link, setLoss, setRate } from './link.ts';
import { etcOf, ip, killAllIn, labPrefix, removeNamespace, sweepLabs } from './namespaces.ts';

/** A machine of the lab, as far as the network sees it: a namespace with one link to all the others. */
export interface NetworkNode {
  readonly name: string;
  /** The others find it by this name, wherever it is now. */
  readonly hostName: string;
  readonly namespace: string;
  /** What runs a command in it: words that stand before the command's own. */
  readonly within: readonly string[];
  /** Its present address; null where the lab has none of the kind. */
  address4(): string | null;
  address6(): string;
  /** Runs a command to its end. Rejects with its output when it fails. */
  run(words: readonly string[]): Promise<string>;
  /** Starts a command that stays; it ends with the lab at the latest. */
  start(words: readonly string[], env?: Readonly<Record<string, string>>): Promise<StartedProcess>;
  /** SIGKILL to all that runs in it, as when the power goes. */
  kill(): Promise<void>;
}

/** Nodes on one network on this machine, whose links are slow, lossy or cut as a test wants. */
export interface NetworkLab {
  node(name: string, options?: { readonly link?: Link }): Promise<NetworkNode>;
  /** Its link is another from now on. */
  relink(node: NetworkNode, link: Link): Promise<void>;
  /** Nothing passes, and nobody is told. */
  cut(node: NetworkNode): Promise<void>;
  /** Undoes `cut`. */
  mend(node: NetworkNode): Promise<void>;
  /** Gives it other addresses, under the same name; what it was connected with goes to nowhere. */
  readdress(node: NetworkNode): Promise<void>;
  /** What its link has carried until now, in bytes, what was lost beyond it not counted. */
  carried(node: NetworkNode): Promise<{ readonly down: number; readonly up: number }>;
}

interface Place {
  number: number;
  link: Link;
  readonly device: string;
}

const subnet4 = '10.77';
const subnet6 = 'fd77::';

/**
 * A network of namespaces on a bridge, removed with `context`, and by the next lab if this process is killed; or says
 * why there can be none here.
 * @param options.ipv6Only no node has an address of IPv4 but its loopback's
 */
export async function networkLab(
  context: Cleanup,
  { ipv6Only = false }: { readonly ipv6Only?: boolean } = {},
): Promise<NetworkLab | Unavailable> {
  if (!isRoot()) return { skip: 'only root can make network namespaces' };
  const lacking = await installDebian('iproute2', 'nftables');
  if (lacking !== null) return lacking;
  await sweepLabs();
  const prefix = labPrefix();
  const middle = `${prefix}switch`;
  const add = async (namespace: string): Promise<void> => {
    await ip('netns', 'add', namespace);
    removeLater(context, () => removeNamespace(namespace));
    await mkdir(etcOf(namespace), { recursive: true });
    await ip('-n', namespace, 'link', 'set', 'lo', 'up');
  };
  try {
    await add(middle);
  } catch (error) {
    return { skip: `no network namespaces here: ${String(error).slice(0, 300)}` };
  }
  await ip('-n', middle, 'link', 'add', 'br0', 'type', 'bridge');
  await ip('-n', middle, 'link', 'set', 'br0', 'up');

  const places = new Map<NetworkNode, Place>();
  let numbers = 1;
  const placeOf = (node: NetworkNode): Place => {
    const place = places.get(node);
    if (place === undefined) throw new Error(`${node.name} is of another lab`);
    return place;
  };
  const address4 = ({ number }: Place): string => `${subnet4}.${number >> 8}.${number & 255}`;
  const address6 = ({ number }: Place): string => `${subnet6}${number.toString(16)}`;
  const spread = async (): Promise<void> => {
    const lines = ['127.0.0.1 localhost', '::1 localhost'];
    for (const [node, place] of places) {
      if (!ipv6Only) lines.push(`${address4(place)} ${node.hostName}`);
      lines.push(`${address6(place)} ${node.hostName}`);
    }
    // Each in its place: a file that was renamed there is not seen by those that run.
    for (const { namespace } of places.keys())
      await writeFile(join(etcOf(namespace), 'hosts'), `${lines.join('\n')}\n`);
  };
  const settle = async ({ namespace }: NetworkNode, place: Place): Promise<void> => {
    const addresses = [...(ipv6Only ? [] : [`${address4(place)}/16`]), `${address6(place)}/64`];
    for (const address of addresses) {
      const isNumber6 = address.includes(':') ? ['nodad'] : [];
      await ip('-n', namespace, 'address', 'add', address, 'dev', 'eth0', ...isNumber6);
    }
  };
  const ends = ({ namespace }: NetworkNode, { device }: Place) => [
    { namespace, device: 'eth0' },
    { namespace: middle, device },
  ];
  const lose = async (node: NetworkNode, loss: number): Promise<void> => {
    for (const end of ends(node, placeOf(node))) await setLoss(end, loss);
  };
  const relink = async (node: NetworkNode, link: Link): Promise<void> => {
    const place = placeOf(node);
    place.link = link;
    for (const end of ends(node, place)) await setRate(end, link.rate);
    await lose(node, link.loss ?? 0);
  };

  return {
    async node(name, { link = {} } = {}) {
      const namespace = `${prefix}${name}`;
      const place: Place = { number: ++numbers, link, device: `v${numbers}` };
      const within = ['/usr/sbin/ip', 'netns', 'exec', namespace];
      const [command = '', ...args] = within;
      const node: NetworkNode = {
        name,
        hostName: `${name}.lab`,
        namespace,
        within,
        address4: () => (ipv6Only ? null : address4(place)),
        address6: () => address6(place),
        run: async (words) => (await run(command, [...args, ...words])).stdout.trim(),
        start: (words, env = {}) => startProcess({ context, command, args: [...args, ...words], env }),
        kill: () => killAllIn(namespace),
      };
      await add(namespace);
      const { device } = place;
      const peer = ['peer', 'name', 'eth0', 'netns', namespace];
      await ip('-n', middle, 'link', 'add', device, 'type', 'veth', ...peer);
      // Else 64 KiB would be lost, or wait, as one packet.
      for (const [at, end] of [
        [namespace, 'eth0'],
        [middle, device],
      ] as const)
        await ip('-n', at, 'link', 'set', end, 'gso_max_segs', '1', 'up');
      await ip('-n', middle, 'link', 'set', device, 'master', 'br0');
      places.set(node, place);
      await settle(node, place);
      await spread();
      await relink(node, link);
      return node;
    },
    relink,
    cut: (node) => lose(node, 1),
    mend: (node) => lose(node, placeOf(node).link.loss ?? 0),
    async readdress(node) {
      const place = placeOf(node);
      await ip('-n', node.namespace, 'address', 'flush', 'dev', 'eth0', 'scope', 'global');
      place.number = ++numbers;
      await settle(node, place);
      await spread();
    },
    async carried(node) {
      const [found] = JSON.parse(
        await ip('-n', middle, '-s', '-j', 'link', 'show', placeOf(node).device),
      ) as readonly { readonly stats64: Record<'rx' | 'tx', { readonly bytes: number }> }[];
      if (found === undefined) throw new Error(`${node.name} has no link`);
      return { down: found.stats64.tx.bytes, up: found.stats64.rx.bytes };
    },
  };
}
