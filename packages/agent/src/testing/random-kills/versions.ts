import { type Given, type Site, webService } from '../site.ts';

/** Of a file that takes several frames. */
export const noiseBytes = 4 << 20;

/** What a host can be directed to; of `bad` the service never becomes healthy. */
export const directions = ['1.0.0', '2.0.0', 'bad', 'none'] as const;
export type Direction = (typeof directions)[number];

export const components = ['api', 'pages'] as const;
export type Component = (typeof components)[number];

/** What each component is committed at; null: not there. */
export type Committed = Readonly<Record<Component, string | null>>;

/** The packages of the three releases: a service, and files large enough to be cut off in their transfer. */
export async function publishAll(
  site: Site,
  port: number,
): Promise<ReadonlyMap<Direction, readonly Given[]>> {
  const all = new Map<Direction, readonly Given[]>([['none', []]]);
  for (const [direction, version, status] of [
    ['1.0.0', '1.0.0', 200],
    ['2.0.0', '2.0.0', 200],
    ['bad', '3.0.0', 500],
  ] as const) {
    const { files, document } = webService(version, port, {
      status,
      startTimeoutMs: status === 200 ? 30_000 : 300,
    });
    const api = await site.publish('api', version, files, document);
    const many = Object.fromEntries(
      Array.from({ length: 60 }, (_, i) => [`part/${i}.txt`, i % 3 === 0 ? `${i} of ${version}` : `${i}`]),
    );
    // Of each version its own, so that each of them has to travel.
    const noise = { noiseBytes: noiseBytes, seed: Number.parseInt(version, 10) };
    const pages = await site.publish('pages', version, { ...many, 'noise.bin': noise });
    const release = await site.vendor.release(version, [api, pages]);
    all.set(direction, [
      { release, package: api },
      { release, package: pages },
    ]);
  }
  return all;
}

/** What is committed once a host has come to rest under `direction`. Pure. */
export function settled(before: Committed, direction: Direction): Committed {
  if (direction === 'none') return { api: null, pages: null };
  if (direction === 'bad') return { api: before.api, pages: '3.0.0' };
  return { api: direction, pages: direction };
}
