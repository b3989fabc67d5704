import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { XylemError } from '@xylem/core';
import type { DriverTools } from '../driver.ts';
import { ask, type Ended } from '../system-packages/commands.ts';
import type { May, Simulation } from '../system-packages/system.ts';
import { actLocked } from './locked.ts';
import { parseSimulation } from './simulation.ts';

/** What apt is asked to do. */
export interface AptRequest {
  readonly component: string;
  readonly verb: 'install' | 'remove';
  /** `name=version` to install, `name` to remove. */
  readonly what: readonly string[];
  /** Whether what has its version already is unpacked once more. */
  readonly again: boolean;
  /** Paths of .debs that it may take beside what is installed. */
  readonly candidates: readonly string[];
  /** Whether it may also take from the host's own sources. */
  readonly hostSources: boolean;
}

/** A conffile that nobody changed becomes the new one; one that somebody changed stays. */
const conffiles = ['--force-confdef', '--force-confold'].flatMap((option) => [
  '-o',
  `Dpkg::Options::=${option}`,
]);
const always = ['-y', '-o', 'Dpkg::Use-Pty=0', '-o', 'APT::Sandbox::User=root', ...conffiles];

/**
 * What apt would do. Holds and downgrades are let through, so that the whole of it is seen and can be judged.
 * @throws XylemError E_DEPENDENCY when there is no way, E_PACKAGE_SYSTEM when apt can't say
 */
export async function simulate(request: AptRequest, tools: DriverTools): Promise<Simulation> {
  const seeAll = ['--simulate', '--allow-downgrades', '--allow-change-held-packages'];
  const ended = await withOwnLists(request, tools, (lists) =>
    ask('apt-get', [...always, ...seeAll, ...lists, ...wordsOf(request)]),
  );
  if (ended.code === 0) return parseSimulation(ended.output);
  throw noWay(request, ended);
}

/** Lets apt do it. `may`: only what was judged by its simulation. */
export function carryOut(request: AptRequest, may: May, tools: DriverTools): Promise<Ended> {
  const flags = [...(may.remove ? [] : ['--no-remove']), ...(may.goBack ? ['--allow-downgrades'] : [])];
  return withOwnLists(request, tools, (lists) =>
    actLocked('apt-get', [...always, ...flags, ...lists, ...wordsOf(request)], request.component, tools),
  );
}

function wordsOf({ verb, what, again, candidates }: AptRequest): string[] {
  const reinstall = again ? ['--reinstall'] : [];
  return [...reinstall, ...candidates.flatMap((path) => ['--with-source', path]), verb, '--', ...what];
}

/** Its lists and caches in a folder that goes again: without the host's sources, and never in the host's own. */
async function withOwnLists(
  { component, hostSources }: AptRequest,
  { layout }: DriverTools,
  run: (args: readonly string[]) => Promise<Ended>,
): Promise<Ended> {
  const folder = join(layout.component(component).folder, '.apt');
  const empty = join(folder, 'none');
  try {
    await rm(folder, { recursive: true, force: true });
    for (const name of ['lists/partial', 'cache/archives/partial', 'none'])
      await mkdir(join(folder, name), { recursive: true, mode: 0o755 });
    const settings = [
      `Dir::Cache=${join(folder, 'cache')}`,
      ...(hostSources
        ? []
        : [
            'Dir::Etc::sourcelist=/dev/null',
            `Dir::Etc::sourceparts=${empty}`,
            `Dir::State::lists=${join(folder, 'lists')}`,
          ]),
    ];
    return await run(settings.flatMap((setting) => ['-o', setting]));
  } finally {
    await rm(folder, { recursive: true, force: true }).catch(() => undefined);
  }
}

const mostText = 1_500;

function noWay({ component, hostSources }: AptRequest, { code, output }: Ended): XylemError {
  const text = output.trim();
  const unmet = text.split('\n').filter((line) => / (Depends|PreDepends|Breaks|Conflicts): /.test(line));
  if (unmet.length > 0) {
    const from = hostSources ? "the release and this host's sources" : 'the release and what is installed';
    const lines = unmet.map((line) => line.trim()).join('; ');
    return new XylemError(
      'E_DEPENDENCY',
      `${component} can't be installed with ${from}: ${lines.slice(0, mostText)}. Carry what is missing in the package, let its component come before with \`after\`, or allow this host's sources in its policy.`,
      { retry: 'later' },
    );
  }
  return new XylemError(
    'E_PACKAGE_SYSTEM',
    `apt-get can't say how ${component} could be installed (status ${code}): ${text.slice(-mostText)}`,
  );
}
