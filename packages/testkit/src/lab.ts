import type { Program } from './program.ts';

/** A node that joins through the program, as an operator lets it join. */
export interface LabNode {
  readonly name: string;
  readonly environment: string;
  /** Its state folder. */
  readonly state: string;
  /** What it joins through. Default: the root server, as the token names it. */
  readonly parent?: string | undefined;
  /** A relay too; it listens on a free port of loopback, if not elsewhere. */
  readonly serve?: boolean;
  readonly listen?: LabAddress;
  /** Who makes its token. Default: the program by which it joins. */
  readonly operator?: Program;
  /** Further words of `join`. */
  readonly joinWords?: readonly string[];
  /** Further words of `token create`. */
  readonly tokenWords?: readonly string[];
  /** Words for Node before the program's: a module that is loaded first. */
  readonly nodeWords?: readonly string[];
}

/** Where something listens, and what others dial. */
export interface LabAddress {
  readonly listen: string;
  readonly url?: string;
}

/** A root server that runs, and the token of its operator. */
export interface LabRoot {
  readonly apiUrl: string;
  readonly nodesUrl: string;
  readonly token: string;
}

export interface LabRootOptions {
  /** Default: a free one. */
  readonly apiPort?: number;
  /** Default: the one in its folder. */
  readonly database?: string;
  /** Words for Node before the program's: a module that is loaded first. */
  readonly nodeWords?: readonly string[];
  /** Where nodes reach it. Default: a free port of loopback. */
  readonly nodes?: LabAddress;
  /** Further ones of `root run`. */
  readonly words?: readonly string[];
}

const loopback: LabAddress = { listen: '127.0.0.1:0' };

const listenWords = ({ listen, url }: LabAddress): string[] => [
  '--listen',
  listen,
  ...(url === undefined ? [] : ['--url', url]),
];

/** Initialises a root server in `state`, starts it as `root`, and logs in as its operator. */
export async function startRoot(
  xylem: Program,
  state: string,
  tenant: string,
  { apiPort = 0, database, nodeWords, nodes = loopback, words = [] }: LabRootOptions = {},
): Promise<LabRoot> {
  const init = ['root', 'init', '--state', state, '--tenant', tenant];
  const { operatorToken } = (await xylem.command(
    database === undefined ? init : [...init, '--database', database],
  )) as { operatorToken: string };
  const addresses = ['--api', `127.0.0.1:${apiPort}`, ...listenWords(nodes)];
  const running = ['root', 'run', '--state', state, ...addresses, ...words];
  const { apiUrl, nodesUrl } = (await xylem.start('root', running, nodeWords)) as {
    readonly apiUrl: string;
    readonly nodesUrl: string;
  };
  await xylem.command(['login', apiUrl, '--token', operatorToken, '--name', tenant]);
  return { apiUrl, nodesUrl, token: operatorToken };
}

/** Lets a node join by a token of its own and starts its agent by its name. @returns where a relay listens */
export async function startNode(xylem: Program, node: LabNode): Promise<string | undefined> {
  const { name, environment, state, parent, tokenWords = [], joinWords = [], nodeWords } = node;
  const serve = node.serve === true ? ['--serve'] : [];
  const wanted = ['token', 'create', '--env', environment, ...serve, ...tokenWords];
  const { token, url } = (await (node.operator ?? xylem).command(wanted)) as { token: string; url: string };
  const who = ['--token', token, '--name', name, '--state', state, ...serve, ...joinWords];
  await xylem.command(['join', parent ?? url, ...who]);
  const listen = node.serve === true ? listenWords(node.listen ?? loopback) : [];
  const words = ['agent', 'run', '--state', state, ...listen];
  const ready = (await xylem.start(name, words, nodeWords)) as { url?: string };
  return ready.url;
}
