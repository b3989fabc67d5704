import type { DesiredState, HostMapEntry, PreflightOrder, XylemError } from '@xylem/core';
import { type OrderedFrom, readOrdered } from './ordered.ts';
import type { OrderedPreflight } from './wanted.ts';

/** What this host is to look at beforehand: each package as an assignment would bring it here, whoever that is for. */
export async function orderedPreflights(
  from: OrderedFrom & { readonly entry: HostMapEntry; readonly state: DesiredState },
): Promise<{ readonly preflights: readonly OrderedPreflight[]; readonly incomplete: XylemError | null }> {
  const { entry, state } = from;
  const preflights: OrderedPreflight[] = [];
  let incomplete: XylemError | null = null;
  for (const order of entry.preflight ?? []) {
    const { component } = order;
    const assignment = state.assignments.find(
      (one) => one.component === component && one.package === order.package,
    );
    if (assignment === undefined) {
      preflights.push({ order, fault: notOffered(order) });
      continue;
    }
    const own =
      entry.config !== undefined && Object.hasOwn(entry.config, component) ? entry.config[component] : {};
    const asked = { ...assignment, config: { ...assignment.config, ...own }, pinned: false };
    const read = await readOrdered(asked, from);
    incomplete ??= read.incomplete;
    preflights.push({ order, ...read.found });
  }
  return { preflights, incomplete };
}

const notOffered = ({ component, package: digest }: PreflightOrder) => ({
  code: 'E_JOB_REFUSED' as const,
  message: `Direction offers no package ${digest.slice(0, 12)}… of ${component}.`,
});
