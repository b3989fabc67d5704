import { walkSeparation } from '@xylem/root/separation';
import { cleanup } from '@xylem/testkit';
import type { Bench } from './bench.ts';

/** Every operation of the API as every kind of identity, over a real root server with two tenants. */
export const bench: Bench = {
  usage: '(no arguments): asks every route as everybody, and counts what tells of another tenant',
  run: async (_words, say) => {
    const own = cleanup();
    try {
      const { identities, operations, tried, leaks } = await walkSeparation(own);
      for (const leak of leaks) say(`leak: ${leak.identity}, ${leak.operation} ${leak.asked}: ${leak.what}`);
      return { inputs: { identities, operations }, figures: { tried, leaks: leaks.length } };
    } finally {
      await own.run();
    }
  },
};
