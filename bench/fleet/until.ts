import { systemClock } from '@xylem/platform';
import { waitUntil } from '@xylem/testkit';

const lookMs = 250;
const withinMs = 900_000;

/** A look asks the root server, whose work is what is measured: it is not asked more often. */
export async function untilSeldom(isSo: () => boolean | Promise<boolean>, what: string): Promise<void> {
  const seldom = async (): Promise<boolean> => {
    const is = await isSo();
    if (!is) await systemClock.sleep(lookMs);
    return is;
  };
  await waitUntil(seldom, withinMs, what);
}
