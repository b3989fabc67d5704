import { open, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { writeFileAtomic } from '@xylem/platform';
import { cleanup, type Program, program, type ReleasesAt, startRoot, tempFolder } from '@xylem/testkit';

const entry = join(import.meta.dirname, '..', 'dist', 'xylem.js');

/** The one environment of a bench. */
export const environment = 'bench/main';

/** A root server with the environment, as real processes in a folder of their own. */
export interface Lab {
  readonly xylem: Program;
  readonly work: string;
  /** Here each process that was started writes its log, `<name>.log`. */
  readonly logs: string;
  readonly context: ReturnType<typeof cleanup>;
  readonly releasesAt: ReleasesAt;
  /** Publishes what lies in `folder`/tree as a version of each component, all of them in one release. */
  release(version: string, folder: string): Promise<void>;
  /** Deploys a release; `words` go to the command. */
  deploy(version: string, words?: readonly string[]): Promise<void>;
  /** Has hosts report so often, also if nothing changes. */
  reportEvery(seconds: number): Promise<void>;
}

/** A component of a bench's releases, by the lines of its manifest beyond its name and version. */
export interface LabComponent {
  readonly component: string;
  readonly manifest: string;
}

const payload: LabComponent = { component: 'payload', manifest: 'kind: files\n' };

/**
 * Runs `measure` in a lab, and ends and removes everything after it.
 * @param where which hosts run the components
 * @param options.rootWords further words of `root run`
 */
export async function inLab<T>(
  where: string,
  measure: (lab: Lab) => Promise<T>,
  {
    components = [payload],
    rootWords = [],
  }: { readonly components?: readonly LabComponent[]; readonly rootWords?: readonly string[] } = {},
): Promise<T> {
  const context = cleanup();
  try {
    const work = await tempFolder(context);
    const logs = join(work, 'logs');
    const xylem = program({ entry, home: join(work, 'home'), logs });
    context.after(() => xylem.stop());
    const words = rootWords;
    const { apiUrl, token } = await startRoot(xylem, join(work, 'root'), 'bench', { words });
    const yaml = join(work, 'environment.yaml');
    const placed = components.map(({ component }) => `      ${component}: { where: ${where} }\n`).join('');
    const text = `environment: ${environment}\nproducts:\n  bench:\n    components:\n${placed}`;
    await writeFileAtomic(yaml, text);
    await xylem.command(['env', 'create', environment, '--file', yaml]);
    return await measure({
      xylem,
      work,
      logs,
      context,
      releasesAt: { stateFolder: join(work, 'root'), home: join(work, 'home'), apiUrl, token },
      release: async (version, folder) => {
        for (const { component, manifest } of components) {
          const head = `product: bench\ncomponent: ${component}\nversion: ${version}\nfolder: tree\n`;
          await writeFileAtomic(join(folder, 'xylem.yaml'), `${head}${manifest}`);
          await xylem.command(['package', 'publish', folder]);
        }
        const packages = components.flatMap(({ component }) => ['--with', `${component}@${version}`]);
        await xylem.command(['release', 'create', `bench@${version}`, ...packages]);
      },
      deploy: async (version, words = []) => {
        await xylem.command(['deploy', `bench@${version}`, '--to', environment, '--yes', ...words]);
      },
      reportEvery: async (seconds) => {
        await writeFileAtomic(yaml, `${text}policy: { reportEverySeconds: ${seconds} }\n`);
        await xylem.command(['env', 'apply', environment, '--file', yaml]);
      },
    });
  } finally {
    await context.run();
  }
}

export interface Usage {
  readonly rssMb: number;
  readonly highestRssMb: number;
  readonly cpuSeconds: number;
}

const clockTicksPerSecond = 100;

/** What a process of this machine uses, and has used. */
/** From now on `highestRssMb` is that of what comes. */
export async function forgetHighestRss(pid: number): Promise<void> {
  const file = await open(`/proc/${pid}/clear_refs`, 'w');
  try {
    await file.write('5');
  } finally {
    await file.close();
  }
}

export async function usageOf(pid: number): Promise<Usage> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  const mb = (name: string): number =>
    Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(status)?.[1] ?? 0) / 1024;
  return {
    rssMb: mb('VmRSS'),
    highestRssMb: mb('VmHWM'),
    cpuSeconds: (Number(fields[11]) + Number(fields[12])) / clockTicksPerSecond,
  };
}

/** What a process has had written to disks. */
export async function writtenBytesOf(pid: number): Promise<number> {
  const io = await readFile(`/proc/${pid}/io`, 'utf8');
  return Number(/^write_bytes: (\d+)$/m.exec(io)?.[1] ?? 0);
}

export function sumOf(all: readonly Usage[]): Usage {
  const sum = (of: (one: Usage) => number): number => all.reduce((before, one) => before + of(one), 0);
  return {
    rssMb: sum(({ rssMb }) => rssMb),
    highestRssMb: sum(({ highestRssMb }) => highestRssMb),
    cpuSeconds: sum(({ cpuSeconds }) => cpuSeconds),
  };
}
