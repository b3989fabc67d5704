import { adoptedAs } from './adopted.ts';
import { componentNamed, containerName, labels, stateMark } from './names.ts';
import { PodmanFailure, podman } from './podman.ts';

/** One container of this state folder, as podman shows it now. */
export interface FoundContainer {
  readonly id: string;
  readonly component: string;
  readonly tree: string;
  readonly fingerprint: string;
  /** Whether a sealed value is in one of its secret files. */
  readonly sealed: boolean;
  /** Systemd started it, by a unit. */
  readonly ofUnit: boolean;
  readonly running: boolean;
  /** Of its first process, 0 where none runs. */
  readonly pid: number;
  /** Epoch milliseconds. */
  readonly startedAt: number;
  readonly finishedAt: number;
  readonly exitCode: number;
  readonly outOfMemory: boolean;
  /** How often podman started it again by itself. */
  readonly restarts: number;
}

/**
 * The containers of these components of a state folder, running or not.
 * @throws PodmanFailure
 */
export async function findContainers(
  root: string,
  components: readonly string[],
  signal?: AbortSignal,
): Promise<FoundContainer[]> {
  if (components.length === 0) return [];
  try {
    const said = await podman(
      'looking at containers',
      ['container', 'inspect', ...components.map(containerName)],
      { signal },
    );
    return await parseContainers(said, root);
  } catch (error) {
    // Of some there is none; what there is was printed all the same.
    const isMissing = error instanceof PodmanFailure && /no such container/i.test(error.output);
    if (!isMissing) throw error;
    return await parseContainers(error.printed, root);
  }
}

interface Inspected {
  readonly Id: string;
  readonly Name: string;
  readonly RestartCount?: number;
  readonly Config: { readonly Labels?: Readonly<Record<string, string>> | null };
  readonly State: {
    readonly Status: string;
    readonly Pid: number;
    readonly ExitCode: number;
    readonly OOMKilled?: boolean;
    readonly StartedAt: string;
    readonly FinishedAt: string;
  };
}

/** What `podman container inspect` says. An image may carry any label: only what has our name too is ours. */
async function parseContainers(text: string, root: string): Promise<FoundContainer[]> {
  const found: FoundContainer[] = [];
  for (const one of JSON.parse(text || '[]') as Inspected[]) {
    const marks = markedAs(one, root) ?? (await adoptedBefore(one, root));
    if (marks === null) continue;
    const { Id, State, RestartCount } = one;
    found.push({
      id: Id,
      ...marks,
      running: State.Status === 'running',
      pid: State.Pid,
      startedAt: Date.parse(State.StartedAt) || 0,
      finishedAt: Date.parse(State.FinishedAt) || 0,
      exitCode: State.ExitCode,
      outOfMemory: State.OOMKilled === true,
      restarts: RestartCount ?? 0,
    });
  }
  return found;
}

type Marks = Pick<FoundContainer, 'component' | 'tree' | 'fingerprint' | 'sealed' | 'ofUnit'>;

/** By its labels. Pure. */
function markedAs({ Name, Config }: Inspected, root: string): Marks | null {
  const own = Config.Labels ?? {};
  const component = own[labels.component];
  if (component === undefined || Name !== containerName(component)) return null;
  if (own[labels.state] !== stateMark(root)) return null;
  return {
    component,
    tree: own[labels.tree] ?? '',
    fingerprint: own[labels.fingerprint] ?? '',
    sealed: own[labels.sealed] === 'true',
    ofUnit: own[labels.unit] !== undefined,
  };
}

/** One that others made has none of our labels: it is known by its id. */
async function adoptedBefore({ Id, Name }: Inspected, root: string): Promise<Marks | null> {
  const component = componentNamed(Name);
  const adopted = component === null ? null : await adoptedAs(root, component, Id);
  if (component === null || adopted === null) return null;
  const { tree, fingerprint, sealed } = adopted;
  return { component, tree, fingerprint, sealed, ofUnit: false };
}

/** Ends a container and removes it, with the volumes that nobody named. */
export async function removeContainer(id: string, stopTimeoutMs: number): Promise<void> {
  const seconds = Math.ceil(stopTimeoutMs / 1000);
  const args = ['rm', '--force', '--ignore', '--volumes', '--time', String(seconds), id];
  await podman('ending a container', args, { timeoutMs: stopTimeoutMs + 120_000 });
}
