import { environment, forgetHighestRss, type Lab, type Usage, usageOf } from '../lab.ts';

/** Requests answered, and bytes of their answers before TLS. */
export interface Served {
  readonly requests: ReadonlyMap<string, number>;
  readonly bytes: ReadonlyMap<string, number>;
}

/** What the root server says of itself and of the fleet. */
export interface RootServer {
  /** How many hosts are known to run a version. */
  reported(version: string): Promise<number>;
  /** By what they were about, since it was started. */
  served(): Promise<Served>;
  usage(): Promise<Usage>;
  forgetHighestRss(): Promise<void>;
}

export function rootServer({ xylem, releasesAt }: Lab): RootServer {
  const ask = async (path: string): Promise<Response> => {
    const answer = await fetch(`${releasesAt.apiUrl}${path}`, {
      headers: { authorization: `Bearer ${releasesAt.token}` },
    });
    if (!answer.ok) throw new Error(`${path}: ${answer.status} ${await answer.text()}`);
    return answer;
  };
  return {
    reported: async (version) => {
      const { environments } = (await (await ask(`/api/v1/where/${environment.split('/')[0]}`)).json()) as {
        environments: { components: { versions: { version: string; hosts: number }[] }[] }[];
      };
      const versions = environments.flatMap(({ components }) => components.flatMap((one) => one.versions));
      return versions.filter((one) => one.version === version).reduce((sum, one) => sum + one.hosts, 0);
    },
    served: async () => {
      const text = await (await ask('/metrics')).text();
      const sum = (metric: string): Map<string, number> => {
        const byClass = new Map<string, number>();
        const lines = text.matchAll(new RegExp(`^${metric}\\{class="(\\w+)".*\\} (\\d+)$`, 'gm'));
        for (const [, kind = '', count] of lines) byClass.set(kind, (byClass.get(kind) ?? 0) + Number(count));
        // What the bench itself asks is no work of a fleet.
        for (const own of ['api', 'metrics']) byClass.delete(own);
        return byClass;
      };
      return { requests: sum('xylem_requests_total'), bytes: sum('xylem_sent_bytes_total') };
    },
    usage: () => usageOf(xylem.pidOf('root')),
    forgetHighestRss: () => forgetHighestRss(xylem.pidOf('root')),
  };
}

export const total = (counts: ReadonlyMap<string, number>): number =>
  [...counts.values()].reduce((sum, one) => sum + one, 0);

/** Requests between two looks, by what they were about. */
export const requestsBetween = (before: Served, after: Served): Map<string, number> =>
  new Map([...after.requests].map(([kind, count]) => [kind, count - (before.requests.get(kind) ?? 0)]));

/** Bytes of answers between two looks, as figures: `rootObjectBytes` and so on. */
export function bytesByClass(before: Served, after: Served): Record<string, number> {
  return Object.fromEntries(
    [...after.bytes].map(([kind, bytes]) => [
      `root${kind[0]?.toUpperCase()}${kind.slice(1)}Bytes`,
      bytes - (before.bytes.get(kind) ?? 0),
    ]),
  );
}
