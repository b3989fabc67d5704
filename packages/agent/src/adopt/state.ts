import type { WantedState } from '../direction/wanted.ts';
import type { Drivers, DriverTools } from '../drivers/driver.ts';
import { localAdoption } from './adoption-file.ts';
import { adoptionsFile } from './adoptions.ts';
import { foundOf } from './found.ts';
import type { AdoptionState } from './gate.ts';
import { sourceOf } from './source.ts';

/** For whoever looks at a host beside its agent. */
export async function adoptionState(
  tools: DriverTools & { readonly drivers: Drivers },
  wanted: WantedState | null,
): Promise<AdoptionState> {
  const { layout, log } = tools;
  const { observing } = await localAdoption(layout.adoption, log);
  const adoptions = (await adoptionsFile(layout.adoptions, log).read())?.adoptions ?? [];
  const found = new Map<string, readonly string[]>();
  for (const placed of observing === null ? [] : (wanted?.components ?? [])) {
    const source = sourceOf(placed, { id: '', component: placed.component, undo: false, by: '' });
    found.set(placed.component, await foundOf(placed, source, tools));
  }
  return {
    observing,
    adoptions: new Map(adoptions.map((one) => [one.component, one])),
    found,
    stalled: new Map(),
  };
}
