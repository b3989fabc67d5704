import { basename } from 'node:path';
import { isDoubted } from '../../drift/doubt.ts';
import type { Running } from '../../slot/observed.ts';
import { installFingerprint, type Placed } from '../../slot/placed.ts';
import type { SlotRecord } from '../../slot/record.ts';
import type { Driver, DriverTools } from '../driver.ts';
import { observed } from './ask.ts';
import { touched } from './touched.ts';

/** So many programs look at once: a host with many such components is not kept busy by looking. */
const atOnce = 4;

/**
 * What the programs say that last touched the machine, each of its own component; nothing is taken from memory but whom
 * to ask.
 */
export const observeCommands: Driver['observe'] = async (tools, records, folders) => {
  const left = [...folders]
    .filter(([component, names]) => names.has(basename(tools.layout.component(component).touched)))
    .map(([component]) => component);
  const found = new Map<string, Running>();
  const look = async (): Promise<void> => {
    for (let component = left.pop(); component !== undefined; component = left.pop()) {
      const last = await touched.read(component, tools);
      if (last === null) continue;
      const { placed } = last;
      found.set(component, await lookAt(placed, records.get(component) ?? null, tools));
    }
  };
  await Promise.all(Array.from({ length: atOnce }, look));
  return found;
};

async function lookAt(placed: Placed, record: SlotRecord | null, tools: DriverTools): Promise<Running> {
  const common = { kind: 'command', tree: placed.tree, instance: '', placed } as const;
  const applied = installFingerprint(placed);
  const isCommitted = record?.installed != null && installFingerprint(record.installed) === applied;
  const differs = (what: string): Running => ({
    ...common,
    fingerprint: '',
    alive: true,
    ...(isCommitted ? { differs: what } : {}),
  });
  // Programs of a tree that somebody changed are not run; it is fetched again first.
  const { text, tree } = tools.layout.component(placed.component);
  if (await isDoubted(text(placed.tree)).catch(() => true))
    return { ...common, fingerprint: '', alive: true };
  try {
    const { state, detail } = await observed(placed, tools);
    const more = detail === undefined ? '' : `: ${detail}`;
    if (state === 'applied') return { ...common, fingerprint: applied, alive: true };
    if (state === 'differs') return differs(`what it applied is not as it should be${more}`);
    return differs(`what it applied is gone${more}`);
  } catch (error) {
    if (tools.signal.aborted) throw tools.signal.reason;
    tools.log.warn('observe failed', { component: placed.component, tree: tree(placed.tree), cause: error });
    const message = error instanceof Error ? error.message : String(error);
    // Unknown is no reason to change anything, nor to keep what should come next from coming.
    return { ...common, fingerprint: applied, alive: true, wrong: { code: 'E_HOOK_FAILED', message } };
  }
}
