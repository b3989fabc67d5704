/* biome-ignore-all lint/suspicious/noTemplateCurlyInString: the placeholders of packages look like this */
import { digest, type Example, example, host, report, treeDigest } from './example-parts.test-data.ts';
import * as wire from './index.ts';

const id = (of: string): string => of.repeat(16);
const smoke = { component: 'shop-api', job: 'smoke', package: digest('package') } as const;

/** Of docs/spec/jobs.md. */
export const jobExamples: Readonly<Record<string, Example>> = {
  'package-jobs': example(
    {
      format: 'xylem-package-1',
      product: 'shop',
      component: 'shop-api',
      version: '2.4.0',
      kind: 'files',
      variants: [{ tree: treeDigest, sizeBytes: 150_008 }],
      configDefaults: { port: 8080 },
      jobs: {
        smoke: {
          command: ['${node}', 'test/smoke.mjs', '--port=${config.port}'],
          timeoutMs: 120_000,
          environment: { LC_ALL: 'C' },
          junit: 'junit.xml',
          logs: ['requests.log', 'out/trace.txt'],
        },
        load: { command: ['bin/load'] },
      },
    },
    wire.parsePackage,
    wire.encodePackage,
  ),
  'host-map-leaf-jobs': example(
    {
      format: 'xylem-hostmap-1',
      hosts: {
        [host]: {
          labels: {},
          jobs: [
            { id: id('a1'), ...smoke },
            { id: id('b2'), ...smoke, job: 'load', stopped: true },
          ],
        },
      },
    },
    wire.parseHostMapNode,
    wire.encodeHostMapNode,
  ),
  'report-jobs': example(
    {
      ...report,
      jobs: [
        {
          id: id('a1'),
          ...smoke,
          state: 'ended',
          since: report.time,
          result: {
            outcome: 'failed',
            exitCode: 1,
            started: report.time,
            seconds: 12,
            code: 'E_JOB_FAILED',
            message: 'shop-api 2.4.0: its job smoke ended with 1.',
            output: { text: 'one of two failed\n', sizeBytes: 18 },
            junit: {
              digest: digest('junit'),
              sizeBytes: 300,
              text: '<testsuite/>',
              summary: {
                tests: 2,
                failures: 1,
                errors: 0,
                skipped: 0,
                failed: [{ name: 'cart adds', message: 'expected 1, found 0' }],
              },
            },
            logs: [{ path: 'requests.log', kept: { text: 'GET /\n', sizeBytes: 6 } }],
          },
        },
        {
          id: id('b2'),
          ...smoke,
          job: 'load',
          state: 'waiting',
          since: report.time,
          code: 'E_JOB_WAITS',
          message: 'shop-api is not there.',
        },
        { id: id('c3'), ...smoke, state: 'running', since: report.time },
        {
          id: id('d4'),
          ...smoke,
          state: 'ended',
          since: report.time,
          result: {
            outcome: 'interrupted',
            exitCode: null,
            signal: 'SIGKILL',
            seconds: 0,
            output: { text: '', sizeBytes: 0 },
          },
        },
      ],
    },
    wire.parseReport,
    wire.encodeReport,
  ),
  'host-map-leaf-preflight': example(
    {
      format: 'xylem-hostmap-1',
      hosts: {
        [host]: {
          labels: {},
          preflight: [{ id: id('c3'), component: 'shop-api', package: digest('package') }],
        },
      },
    },
    wire.parseHostMapNode,
    wire.encodeHostMapNode,
  ),
  'report-preflight': example(
    {
      ...report,
      knows: ['preflight'],
      jobs: [
        {
          id: id('c3'),
          ...smoke,
          job: 'preflight',
          state: 'ended',
          since: report.time,
          result: {
            outcome: 'failed',
            exitCode: 4,
            started: report.time,
            seconds: 1,
            code: 'E_HOOK_FAILED',
            message: 'shop-api 2.4.0: its hook before preflight ended with 4. It said: no licence',
            output: { text: 'no licence\n', sizeBytes: 11 },
          },
        },
      ],
    },
    wire.parseReport,
    wire.encodeReport,
  ),
};
