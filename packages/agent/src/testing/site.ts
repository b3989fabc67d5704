import { join } from 'node:path';
import type {
  Assignment,
  HostId,
  HostMapEntry,
  PackageDocument,
  Report,
  ReportedComponent,
} from '@xylem/core';
import { type Clock, jsonLog, type Log, silentLog, systemClock, systemRandomness } from '@xylem/platform';
import { type Cleanup, removeLater, tempFolder, testMain } from '@xylem/testkit';
import {
  buildSmallTree,
  type FileContent,
  type JoinedHost,
  type RootFront,
  rootFront,
  type TestDirection,
  TestInstallation,
  type TestPackage,
  type TestVendor,
  type Wanted,
} from '@xylem/testkit/builders';
import type { AgentOptions, AgentTiming, RunningAgent } from '../options.ts';
import { runAgent } from '../run/agent.ts';
import { stopServices } from '../supervisor/stop-services.ts';
import { waitFor } from './wait-for.ts';

const supervisorMain = testMain(new URL('supervisor-main.ts', import.meta.url));

export const quick: Partial<AgentTiming> = {
  pollMs: 100,
  retryMinMs: 50,
  retryMaxMs: 200,
  returnToFirstMs: 300,
  reportCoalesceMs: 20,
  reportRetryMinMs: 200,
  reportLookMs: 200,
  reportWorkMs: 1_000,
  newsAfterWorkMs: 1_000,
  reportRetryMaxMs: 400,
  slotRetryMs: 300,
  observeMs: 500,
  driftMs: 300,
  driftShare: 1,
};

export interface Given {
  readonly release: string;
  readonly package: TestPackage;
  readonly config?: Record<string, unknown>;
  readonly after?: string[];
  readonly bakeSeconds?: number;
}

/** One vendor, one environment, one parent, hosts: all real but the root server's program. */
export class Site {
  readonly context: Cleanup;
  readonly installation: TestInstallation;
  readonly vendor: TestVendor;
  readonly environment: TestDirection;
  readonly hosts = new Map<HostId, HostMapEntry>();
  readonly fronts: RootFront[] = [];
  #assignments: Assignment[] = [];

  private constructor(
    context: Cleanup,
    installation: TestInstallation,
    vendor: TestVendor,
    environment: TestDirection,
  ) {
    this.context = context;
    this.installation = installation;
    this.vendor = vendor;
    this.environment = environment;
  }

  /** @param clock by which all is signed */
  static async create(context: Cleanup, clock: Clock = systemClock): Promise<Site> {
    const installation = await TestInstallation.create(context, clock);
    const vendor = await installation.addVendor('shop');
    const environment = await installation.addEnvironment('acme/production');
    return new Site(context, installation, vendor, environment);
  }

  async front(options: { withoutNews?: boolean; port?: number; holdMs?: number } = {}): Promise<RootFront> {
    const front = await rootFront(this.context, this.installation, { holdMs: 5_000, ...options });
    this.fronts.push(front);
    return front;
  }

  async host(parents: readonly string[], entry: Partial<HostMapEntry> = {}): Promise<JoinedHost> {
    const joined = await this.installation.join(this.environment, { parents });
    this.hosts.set(joined.identity.host, { labels: {}, ...entry });
    removeLater(this.context, async () => {
      await stopServices({ stateFolder: joined.stateFolder, clock: systemClock, log: silentLog });
    });
    return joined;
  }

  async publish(
    component: string,
    version: string,
    files: Readonly<Record<string, FileContent>>,
    document: Partial<PackageDocument> = {},
  ): Promise<TestPackage> {
    const folder = await buildSmallTree(join(await tempFolder(this.context), version), files);
    return await this.vendor.publishPackage(component, version, folder, document);
  }

  async assign(given: readonly Given[]): Promise<void> {
    this.#assignments = given.map(
      ({ release, package: { component, version, package: digest }, config = {}, after = [], bakeSeconds }) =>
        ({
          component,
          product: 'shop',
          release,
          package: digest,
          version,
          where: '',
          config,
          after,
          ...(bakeSeconds === undefined ? {} : { bakeSeconds }),
        }) as unknown as Assignment,
    );
    await this.direct();
  }

  async direct(more: Partial<Wanted> = {}): Promise<void> {
    await this.environment.direct({
      assignments: this.#assignments,
      vendors: [this.vendor],
      hosts: this.hosts,
      ...more,
    });
    for (const front of this.fronts) front.announce(this.environment.id);
  }

  async agent(host: JoinedHost, more: Partial<AgentOptions> = {}): Promise<RunningAgent> {
    const log: Log =
      process.env.XYLEM_TEST_LOG === undefined ? silentLog : jsonLog(process.stderr, systemClock);
    const agent = await runAgent({
      stateFolder: host.stateFolder,
      clock: systemClock,
      randomness: systemRandomness,
      log,
      supervisorCommand: [process.execPath, supervisorMain, host.stateFolder],
      timing: quick,
      ...more,
    });
    removeLater(this.context, () => agent.stop());
    return agent;
  }
}

/** The newest report that fits. */
export function reported(
  front: RootFront,
  host: JoinedHost,
  what: string,
  fits: (report: Report) => boolean,
): Promise<Report> {
  return waitFor(what, () => {
    const report = front.reports.get(host.identity.host);
    return report !== undefined && fits(report) && report;
  });
}

export const componentOf = (report: Report, component: string): ReportedComponent | undefined =>
  report.components.find((one) => one.component === component);

/** A service that answers its version, and the document that runs it. */
export function webService(
  version: string,
  port: number,
  more: { status?: number; startTimeoutMs?: number } = {},
): { files: { 'main.cjs': string; 'lib/same.txt': string }; document: Partial<PackageDocument> } {
  const main = `require('node:http').createServer((q, a) => { a.statusCode = ${more.status ?? 200}; a.end('${version}'); })
    .listen(Number(process.argv[2]), '127.0.0.1'); process.on('SIGTERM', () => process.exit(0));\n`;
  return {
    files: { 'main.cjs': main, 'lib/same.txt': 'same in each version\n' },
    document: {
      kind: 'service',
      // biome-ignore lint/suspicious/noTemplateCurlyInString: placeholders of a package
      service: { command: ['${node}', '${tree}/main.cjs', '${config.port}'], stopTimeoutMs: 2_000 },
      health: {
        // biome-ignore lint/suspicious/noTemplateCurlyInString: placeholders of a package
        http: { port: '${config.port}', path: '/' },
        intervalMs: 50,
        timeoutMs: 1_000,
        startTimeoutMs: more.startTimeoutMs ?? 10_000,
        successes: 1,
      },
      configDefaults: { port },
    },
  };
}
