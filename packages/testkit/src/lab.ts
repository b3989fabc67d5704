import type { Program } from './program.ts';

/** A node that joins through the program, as an operator lets it join. */
export interface LabNode {
  readonly name: string;
  readonly environment: string;
  /** Its state folder. */
  readonly state: string;
  /** What it joins through. Default: the root server, as the token names it. */
  readonly parent?: string | undefined;
  /** A relay too; it listens on a free port of loopback. */
  readonly serve?: boolean;
  /** Further words of `token create`. */
  readonly tokenWords?: readonly string[];
  /** Words for Node before the program's: a module that is loaded first. */
  readonly nodeWords?: readonly string[];
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
}

/** Initialises a root server in `state`, starts it as `root`, and logs in as its operator. */
export async function startRoot(
  xylem: Program,
  state: string,
  tenant: string,
  { apiPort = 0, database, nodeWords }: LabRootOptions = {},
): Promise<LabRoot> {
  const init = ['root', 'init', '--state', state, '--tenant', tenant];
  const { operatorToken } = (await xylem.command(
    database === undefined ? init : [...init, '--database', database],
  )) as { operatorToken: string };
  const addresses = ['--api', `127.0.0.1:${apiPort}`, '--listen', '127.0.0.1:0'];
  const running = ['root', 'run', '--state', state, ...addresses];
  const { apiUrl, nodesUrl } = (await xylem.start('root', running, nodeWords)) as {
    readonly apiUrl: string;
    readonly nodesUrl: string;
  };
  await xylem.command(['login', apiUrl, '--token', operatorToken, '--name', tenant]);
  return { apiUrl, nodesUrl, token: operatorToken };
}

/** Lets a node join by a token of its own and starts its agent by its name. @returns where a relay listens */
export async function startNode(xylem: Program, node: LabNode): Promise<string | undefined> {
  const { name, environment, state, parent, tokenWords = [], nodeWords } = node;
  const serve = node.serve === true ? ['--serve'] : [];
  const wanted = ['token', 'create', '--env', environment, ...serve, ...tokenWords];
  const { token, url } = (await xylem.command(wanted)) as { token: string; url: string };
  const who = ['--token', token, '--name', name, '--state', state, ...serve];
  await xylem.command(['join', parent ?? url, ...who]);
  const listen = node.serve === true ? ['--listen', '127.0.0.1:0'] : [];
  const words = ['agent', 'run', '--state', state, ...listen];
  const ready = (await xylem.start(name, words, nodeWords)) as { url?: string };
  return ready.url;
}
