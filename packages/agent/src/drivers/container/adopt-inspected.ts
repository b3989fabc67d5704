import { labels } from './names.ts';
import { PodmanFailure, podman } from './podman.ts';

type Values = Readonly<Record<string, unknown>>;

/** What `podman container inspect` says of one, as far as it is compared. */
export interface InspectedContainer {
  readonly Id: string;
  readonly Name: string;
  readonly Path: string;
  readonly Args?: readonly string[] | null;
  readonly Image: string;
  readonly OCIRuntime?: string;
  readonly Pod?: string;
  readonly EffectiveCaps?: readonly string[] | null;
  readonly BoundingCaps?: readonly string[] | null;
  readonly State: { readonly Status: string; readonly Pid: number };
  readonly Mounts?: readonly SeenMount[] | null;
  readonly NetworkSettings?: { readonly Networks?: Values | null } | null;
  readonly Config: Values & {
    readonly Env?: readonly string[] | null;
    readonly Labels?: Readonly<Record<string, string>> | null;
    readonly Hostname?: string;
  };
  readonly HostConfig: Values & {
    readonly NetworkMode?: string;
    readonly Cgroups?: string;
    readonly SecurityOpt?: readonly string[] | null;
    readonly ReadonlyRootfs?: boolean;
    readonly PortBindings?: Readonly<
      Record<string, readonly { readonly HostIp?: string; readonly HostPort?: string }[] | null>
    > | null;
  };
}

export interface SeenMount {
  readonly Type: string;
  readonly Source: string;
  readonly Destination: string;
  readonly RW: boolean;
}

/** Null where podman has none of that name or id. @throws PodmanFailure */
export async function inspectContainer(
  name: string,
  signal: AbortSignal,
): Promise<InspectedContainer | null> {
  try {
    const said = await podman('looking at a container', ['container', 'inspect', '--', name], { signal });
    const [found] = JSON.parse(said) as InspectedContainer[];
    return found ?? null;
  } catch (error) {
    if (error instanceof PodmanFailure && /no such container/i.test(error.output)) return null;
    throw error;
  }
}

/** The unit of systemd that holds it, so far as podman knows of one; null: none. Pure. */
export function unitOfContainer({ Config, HostConfig }: InspectedContainer): string | null {
  const named = Config.Labels?.PODMAN_SYSTEMD_UNIT;
  if (named !== undefined && named !== '') return named;
  const { Cgroups = 'default' } = HostConfig;
  // So units start them (`podman generate systemd`, Quadlet).
  return ['no-conmon', 'split'].includes(Cgroups) ? `that started it with --cgroups=${Cgroups}` : null;
}

/** Whether it has the labels of some agent. Pure. */
export function isOfAgent({ Config }: InspectedContainer): boolean {
  return Config.Labels?.[labels.state] !== undefined;
}
