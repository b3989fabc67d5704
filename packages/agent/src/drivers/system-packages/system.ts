import type { Difference } from '../../adopt/differences.ts';
import type { DriverTools } from '../driver.ts';
import type { Ended } from './commands.ts';
import type { PackageAt } from './wanted.ts';

/** A package of which anything is there. */
export interface Installed {
  readonly package: string;
  readonly architecture: string;
  readonly version: string;
  readonly held: boolean;
  /** Whole and configured. */
  readonly whole: boolean;
}

/** What the package system knows, by name (with the architecture where that is not the host's own). */
export interface PackageStatus {
  readonly native: string;
  readonly installed: ReadonlyMap<string, Installed>;
}

/** What an installation would do, by the package system's own word. */
export interface Simulation {
  /** Names to the version that would be installed. */
  readonly installs: ReadonlyMap<string, string>;
  readonly removes: readonly string[];
}

export interface InstallRequest {
  readonly component: string;
  /** What must be there afterwards. */
  readonly wanted: readonly PackageAt[];
  /** Whether what has its version already is unpacked once more. */
  readonly again: boolean;
  /** Paths of package files that may be taken beside what is installed. */
  readonly candidates: readonly string[];
  /** The component's own that it carries no more: what may go where it stands in the way. */
  readonly free: readonly string[];
  /** Whether the host's own sources may be taken from, too. */
  readonly hostSources: boolean;
}

/** What a judged simulation lets happen. */
export interface May {
  readonly remove: boolean;
  readonly goBack: boolean;
}

export interface InstallEnd extends Ended {
  /** Not all of it came about, though its packages may count as installed. */
  readonly isPartial: boolean;
}

/** An installed package, and what it should have been installed from. */
export interface Verified extends PackageAt {
  /** The path of its package file; null: it is not here yet, and what the package system remembers has to do. */
  readonly file: string | null;
}

/** A host's package system: what kinds of components that are made of its packages differ in. */
export interface PackageSystem {
  readonly kind: 'deb' | 'rpm';
  /** As people know it. */
  readonly name: string;
  /** Who holds packages back, for a message. */
  readonly holders: string;
  /** Whether its own database tells what was broken off half-way; else the component's record does. */
  readonly tellsBroken: boolean;
  isThere(): boolean;
  /** @throws XylemError E_DRIVER_UNSUPPORTED, E_PACKAGE_SYSTEM */
  status(): Promise<PackageStatus>;
  /** The order of two versions: -1, 0 or 1. Pure. */
  compare(a: string, b: string): number;
  /** Which of what would change must not. */
  held(simulation: Simulation, status: PackageStatus): Promise<readonly string[]>;
  /** Finishes what was broken off, where nothing else can be done before. @throws XylemError E_PACKAGE_SYSTEM */
  repair(component: string, tools: DriverTools): Promise<void>;
  /**
   * What an installation would do; what is held and what goes back is let through, so that all of it can be judged.
   * @throws XylemError E_DEPENDENCY when there is no way, E_PACKAGE_SYSTEM when nothing can be said
   */
  simulateInstall(request: InstallRequest, tools: DriverTools): Promise<Simulation>;
  install(request: InstallRequest, may: May, tools: DriverTools): Promise<InstallEnd>;
  /** All that would go with these. */
  simulateRemoval(
    component: string,
    names: readonly string[],
    tools: DriverTools,
  ): Promise<readonly string[]>;
  remove(component: string, names: readonly string[], tools: DriverTools): Promise<Ended>;
  /** Removes what lies there half unpacked. @returns what is gone */
  removeBroken(component: string, names: readonly string[], tools: DriverTools): Promise<readonly string[]>;
  /** Absolute paths of what belongs to these packages. */
  filesOf(names: readonly string[]): Promise<readonly string[]>;
  /**
   * What of installed packages is not as their package files have it; configuration that people changed is `kept`. Reads
   * only.
   * @throws XylemError E_PACKAGE_SYSTEM, E_PACKAGE_FAILED for a package file that can't be read
   */
  verify(packages: readonly Verified[], tools: DriverTools): Promise<readonly Difference[]>;
}
