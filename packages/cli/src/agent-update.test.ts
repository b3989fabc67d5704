import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import type { HostDetail } from '@xylem/root/contract';
import { freePort, program, waitUntil, xylemEntry } from '@xylem/testkit';

/** What another version does that is no good; it gets the words of the program, as in `agent run --state FOLDER`. */
const faults = {
  'reads no state': {
    when: 'check',
    does: 'echo "unknown format" >&2; exit 8',
    says: /look at this host's state ended with 8.*unknown format/s,
  },
  hangs: { when: 'run', does: 'exec sleep 1000', says: /not ready after 20 s/ },
  'spoils the state': {
    when: 'run',
    does: 'for f in "$4/accepted.json" "$4"/components/*/slot.json; do echo \'{"format":"xylem-next-9"}\' >"$f"; done; echo "next agent"; exit 1',
    says: /ended with 1 .*3 times.*next agent/s,
  },
} as const;

test('the agent is updated by Xylem, and a version that is no good costs nothing but a line in the report', {
  timeout: 480_000,
}, async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'xylem-agent-update-'));
  const at = (name: string): string => join(folder, name);
  const xylem = program({ entry: xylemEntry, home: at('home'), logs: at('logs') });
  t.after(async () => {
    await xylem.stop();
    await xylem.endServices(at('host'));
    rmSync(folder, { recursive: true, force: true });
  });
  const json = async <T>(line: string): Promise<T> => (await xylem.command(line.split(' '))) as T;
  const publish = async (
    product: string,
    component: string,
    version: string,
    yaml: string,
  ): Promise<void> => {
    writeFileSync(
      at('xylem.yaml'),
      `product: ${product}\ncomponent: ${component}\nversion: ${version}\nfolder: tree\n${yaml}`,
    );
    await json(`package publish ${folder}`);
    await json(`release create ${product}@${version} --with ${component}@${version}`);
    rmSync(at('tree'), { recursive: true });
    await json(`deploy ${product}@${version} --to production --yes`);
  };
  /** A version of the agent: this very program, called by a file of its own. */
  const publishAgent = async (
    version: string,
    fault?: { readonly when: string; readonly does: string },
  ): Promise<void> => {
    const spoilt = fault === undefined ? '' : `case $2 in ${fault.when}) ${fault.does} ;; esac\n`;
    mkdirSync(at('tree'));
    writeFileSync(
      join(at('tree'), 'xylem-agent'),
      `#!/bin/sh\n# ${version}\n${spoilt}exec ${process.execPath} ${xylemEntry} "$@"\n`,
      { mode: 0o755 },
    );
    await publish('xylem', 'xylem-agent', version, 'kind: agent\nagent: { executable: xylem-agent }\n');
  };
  const agentOf = async (): Promise<HostDetail['components'][number] | undefined> =>
    (await json<HostDetail>('host show web')).components.find(({ component }) => component === 'xylem-agent');
  const pidOfService = async (): Promise<string> => await (await fetch(`http://127.0.0.1:${port}/`)).text();
  /** The tree of the version, once it is committed. */
  const committed = (version: string): string => {
    const text = readFileSync(join(at('host'), 'components', 'xylem-agent', 'slot.json'), 'utf8');
    const { installed } = JSON.parse(text) as { installed: { version: string; tree: string } | null };
    return installed?.version === version ? installed.tree : 'none';
  };
  const confirmed = (): string => readFileSync(join(at('host'), 'agent', 'confirmed'), 'utf8');

  const { operatorToken } = await json<{ operatorToken: string }>(
    `root init --state ${at('root')} --tenant acme`,
  );
  const listen = ['--api', '127.0.0.1:0', '--listen', '127.0.0.1:0'];
  const ready = await xylem.start('root', ['root', 'run', '--state', at('root'), ...listen]);
  const { apiUrl, nodesUrl } = ready as { apiUrl: string; nodesUrl: string };
  await json(`login ${apiUrl} --token ${operatorToken}`);
  const yaml = `environment: acme/production
products:
  shop: { components: { api: { where: role = web } } }
  xylem: { components: { xylem-agent: { where: role = web } } }
`;
  writeFileSync(at('production.yaml'), yaml);
  await json(`env create acme/production --file ${at('production.yaml')}`);
  const { token } = await json<{ token: string }>('token create --env production --label role=web');
  await json(`join ${nodesUrl} --token ${token} --name web --state ${at('host')}`);
  await xylem.start('web', ['agent', 'launch', '--state', at('host'), '--deadline', '20']);

  const port = await freePort();
  mkdirSync(at('tree'));
  writeFileSync(
    join(at('tree'), 'main.cjs'),
    `require('node:http').createServer((q, a) => a.end(String(process.pid))).listen(${port}, '127.0.0.1');`,
  );
  await publish(
    'shop',
    'api',
    '1.0.0',
    `service:\n  command: ["\${node}", main.cjs]\nhealth: { http: { port: ${port} } }\n`,
  );
  await waitUntil(
    () =>
      pidOfService().then(
        () => true,
        () => false,
      ),
    30_000,
    'the service to answer',
  );
  const service = await pidOfService();
  const answers = { all: 0, missed: 0 };
  const looking = setInterval(() => {
    answers.all += 1;
    pidOfService().catch(() => (answers.missed += 1));
  }, 50);
  t.after(() => clearInterval(looking));

  for (const version of ['2.0.0', '2.1.0']) {
    await publishAgent(version);
    await waitUntil(
      async () => {
        const found = await agentOf();
        return (
          found?.version === version &&
          found.state === 'installed' &&
          confirmed().includes(`/trees/${committed(version)}/`)
        );
      },
      120_000,
      `the agent ${version}`,
    );
  }
  const good = confirmed();

  let minor = 0;
  for (const [name, fault] of Object.entries(faults)) {
    minor += 1;
    const version = `3.${minor}.0`;
    await publishAgent(version, fault);
    await waitUntil(
      async () => {
        const { refused } = (await agentOf()) ?? {};
        return refused?.code === 'E_AGENT_UPDATE' && fault.says.test(refused.message);
      },
      120_000,
      `the agent that ${name} to be refused`,
    );
    assert.equal(confirmed(), good, name);
    assert.equal((await agentOf())?.version, '2.1.0', name);
  }
  assert.equal(await pidOfService(), service, 'one process all the while');
  assert.ok(answers.all > 100);
  assert.equal(answers.missed, 0);

  // Back to what was installed by hand.
  await json('undeploy xylem --from production --yes');
  await waitUntil(() => confirmed() === 'base\n', 120_000, 'the agent that was installed by hand');
  await waitUntil(async () => (await agentOf()) === undefined, 120_000, 'the component to be gone');
  assert.equal(await pidOfService(), service);
});
