import { environment, type Lab, type Usage, usageOf } from '../lab.ts';

/** What the root server says of itself and of the fleet. */
export interface RootServer {
  /** How many hosts are known to run a version. */
  reported(version: string): Promise<number>;
  /** Requests answered since it was started. */
  requests(): Promise<number>;
  usage(): Promise<Usage>;
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
    requests: async () => {
      const text = await (await ask('/metrics')).text();
      const counts = [...text.matchAll(/^xylem_requests_total\{class="(\w+)".*\} (\d+)$/gm)];
      // What the bench itself asks is no work of a fleet.
      return counts.reduce(
        (sum, [, kind, count]) => (kind === 'api' || kind === 'metrics' ? sum : sum + Number(count)),
        0,
      );
    },
    usage: () => usageOf(xylem.pidOf('root')),
  };
}
