import type { Costs } from './costs.ts';
import { Machine, type Station } from './machine.ts';

/** A tree of which each node has about as many children as the others of its level. */
export interface Tree {
  readonly hosts: number;
  /** Relays on each level, the highest first; empty: hosts are children of the root server. */
  readonly levels: readonly number[];
  /** Of what changes. */
  readonly sizeBytes: number;
}

/** Milliseconds since the change was deployed. */
export interface Delivered {
  /** When each host had it in place, in order. */
  readonly inPlaceMs: Float64Array;
  /** When the root server knew of each, in order. */
  readonly knownMs: Float64Array;
  readonly rootCpuMs: number;
  readonly rootEgressBytes: number;
  /** On average. */
  readonly relayEgressBytes: number;
  /** Shares of the time until all was known; of relays that of the busiest. */
  readonly busy: Readonly<
    Record<'rootCpu' | 'rootLink' | 'relayCpu' | 'relayLink' | 'hostCpu' | 'cores', number>
  >;
}

interface Serving {
  readonly cpu: Station;
  readonly link: Station;
  readonly parent: Serving | null;
  readonly relays: Serving[];
  hosts: number;
  egressBytes: number;
  /** Reports that gather for the next batch. */
  gathered: number;
  isGathering: boolean;
}

/** Plays one change from the root server to all hosts, and their reports back. */
export function deliver({ hosts, levels, sizeBytes }: Tree, costs: Costs): Delivered {
  const machine = new Machine(costs.cores);
  const serving = (parent: Serving | null): Serving => ({
    cpu: machine.process(),
    link: machine.link(),
    parent,
    relays: [],
    hosts: 0,
    egressBytes: 0,
    gathered: 0,
    isGathering: false,
  });
  const root = serving(null);
  const all: Serving[] = [];
  let lowest = [root];
  for (const size of levels) {
    const level = Array.from({ length: size }, (_, i) => {
      const parent = lowest[i % lowest.length] as Serving;
      const relay = serving(parent);
      parent.relays.push(relay);
      return relay;
    });
    all.push(...level);
    lowest = level;
  }
  for (let i = 0; i < hosts; i += 1) (lowest[i % lowest.length] as Serving).hosts += 1;
  const hostProcesses = Array.from({ length: Math.ceil(hosts / Math.max(1, costs.hostsPerProcess)) }, () =>
    machine.process(),
  );

  const [inPlaceMs, knownMs] = [new Float64Array(hosts), new Float64Array(hosts)];
  let [begun, inPlace, known] = [0, 0, 0];
  const bytes = sizeBytes + costs.updateBytes;

  const update = (parent: Serving): void => {
    const isRoot = parent.parent === null;
    const cpuMs = isRoot ? costs.rootChildCpuMs : costs.relayChildCpuMs;
    const rate = isRoot ? costs.rootBytesPerSecond : costs.relayBytesPerSecond;
    const linkMs = rate === 0 ? 0 : (bytes * 1000) / rate;
    const give = (then: () => void): void =>
      machine.do(parent.cpu, cpuMs, () => {
        parent.egressBytes += bytes;
        machine.do(parent.link, linkMs, () => machine.after(costs.roundTripMs, then));
      });
    for (const relay of parent.relays)
      give(() => machine.do(relay.cpu, costs.relayUpdateCpuMs, () => update(relay)));
    for (let i = 0; i < parent.hosts; i += 1) give(() => apply(parent));
  };

  const apply = (parent: Serving): void => {
    const own = hostProcesses[begun % hostProcesses.length] as Station;
    begun += 1;
    machine.do(own, costs.hostUpdateCpuMs, () => {
      inPlaceMs[inPlace] = machine.now;
      inPlace += 1;
      machine.after(costs.hostReportWaitMs + costs.roundTripMs / 2, () => report(parent, 1));
    });
  };

  const report = (to: Serving, count: number): void => {
    if (to.parent === null) {
      machine.do(to.cpu, costs.rootBatchCpuMs + count * costs.rootReportCpuMs, () => {
        knownMs.fill(machine.now, known, known + count);
        known += count;
      });
      return;
    }
    machine.do(to.cpu, count * costs.relayReportCpuMs, () => {
      to.gathered += count;
      if (to.isGathering) return;
      to.isGathering = true;
      machine.after(costs.relayBatchWaitMs, () => {
        const batch = to.gathered;
        to.gathered = 0;
        to.isGathering = false;
        machine.after(costs.roundTripMs / 2, () => report(to.parent ?? root, batch));
      });
    });
  };

  machine.do(root.cpu, costs.rootPublishCpuMs, () => update(root));
  machine.run();

  const took = machine.now;
  const busiest = (of: (one: Serving) => Station): number =>
    all.reduce((most, one) => Math.max(most, of(one).busyMs), 0) / took;
  return {
    inPlaceMs,
    knownMs,
    rootCpuMs: root.cpu.busyMs,
    rootEgressBytes: root.egressBytes,
    relayEgressBytes: all.reduce((sum, one) => sum + one.egressBytes, 0) / Math.max(1, all.length),
    busy: {
      rootCpu: root.cpu.busyMs / took,
      rootLink: root.link.busyMs / took,
      relayCpu: busiest(({ cpu }) => cpu),
      relayLink: busiest(({ link }) => link),
      hostCpu: hostProcesses.reduce((most, one) => Math.max(most, one.busyMs), 0) / took,
      cores: costs.cores === 0 ? 0 : machine.busyMs / (took * costs.cores),
    },
  };
}
