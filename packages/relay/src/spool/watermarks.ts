import type { Envelope, HostId, ReportNumber as Place, Proofs, Taken } from '@xylem/core';
import { covers, type ReportNumber, supersedes } from './fold.ts';
import type { KeptWatermark } from './read-answer.ts';

/** The newest watermark of each host. A joint watermark is held once, whatever the number of proofs that lead to it. */
export class Watermarks {
  readonly #kept = new Map<HostId, KeptWatermark>();
  readonly #joint = new Map<string, { readonly envelope: Envelope; proofs: number }>();

  get(host: HostId): KeptWatermark | undefined {
    return this.#kept.get(host);
  }

  isNew(watermark: ReportNumber): boolean {
    return supersedes(watermark, this.#kept.get(watermark.host));
  }

  /** Whether it is new, and so kept now. */
  keep(watermark: KeptWatermark): boolean {
    if (!this.isNew(watermark)) return false;
    const { host } = watermark;
    const former = this.#kept.get(host);
    // Not the other way round: it may be the last one that leads there.
    this.#kept.set(host, this.#shared(watermark));
    if (former !== undefined) this.#letGo(former);
    return true;
  }

  /** What is said of these hosts to who reads proofs, or to who does not. */
  answer(hosts: Iterable<HostId>, readsProofs: boolean): Taken {
    const kept = [...new Set(hosts)].flatMap((host) => this.#kept.get(host) ?? []);
    const singles = kept.filter(({ single }) => single).map(({ envelope }) => envelope);
    const proofs = readsProofs ? proofsOf(kept) : [];
    return {
      format: 'xylem-taken-1',
      watermarks: singles,
      ...(proofs.length === 0 ? {} : { proofs }),
    };
  }

  /** Of that, what covers these reports: what is older says nothing to who waits for them. */
  covering(reports: readonly Place[], readsProofs: boolean): Taken {
    const covered = reports.filter((report) =>
      covers(this.#kept.get(report.host), { ...report, single: !readsProofs }),
    );
    return this.answer(
      covered.map(({ host }) => host),
      readsProofs,
    );
  }

  all(): Iterable<KeptWatermark> {
    return this.#kept.values();
  }

  #shared(watermark: KeptWatermark): KeptWatermark {
    if (watermark.single) return watermark;
    const key = keyOf(watermark);
    const shared = this.#joint.get(key) ?? { envelope: watermark.envelope, proofs: 0 };
    shared.proofs += 1;
    this.#joint.set(key, shared);
    return { ...watermark, envelope: shared.envelope };
  }

  #letGo(watermark: KeptWatermark): void {
    if (watermark.single) return;
    const shared = this.#joint.get(keyOf(watermark));
    if (shared === undefined) return;
    shared.proofs -= 1;
    if (shared.proofs === 0) this.#joint.delete(keyOf(watermark));
  }
}

/** One document for each joint watermark. */
export function proofsOf(watermarks: Iterable<KeptWatermark>): Proofs[] {
  const of = new Map<Envelope, Proofs['proofs'][number][]>();
  for (const { host, incarnation, sequence, envelope, proof } of watermarks) {
    if (proof === null) continue;
    const proofs = of.get(envelope) ?? [];
    of.set(envelope, proofs);
    proofs.push({ host, incarnation, sequence, ...proof });
  }
  return Array.from(of, ([signed, proofs]) => ({ format: 'xylem-proofs-1', signed, proofs }));
}

const keyOf = ({ envelope: { payload, signatures } }: KeptWatermark): string =>
  `${payload} ${signatures[0]?.sig}`;
