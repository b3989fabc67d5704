import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, it } from 'node:test';
import { errorCodes, exitCodes } from '@xylem/core';
import { runHere } from '../testing/run-here.ts';
import { version } from '../version.ts';
import { commandTable } from './table/index.ts';

const main = join(import.meta.dirname, '..', 'main.ts');
const manual = readFileSync(join(import.meta.dirname, '..', '..', '..', '..', 'docs', 'cli.md'), 'utf8');
const away = { XYLEM_HOME: '/nonexistent/xylem-home' };

function runProcess(words: readonly string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  return new Promise((resolve) => {
    const options = { env: { ...process.env, ...away } };
    execFile(process.execPath, [main, ...words], options, (error, stdout, stderr) => {
      resolve({ code: error === null ? 0 : Number(error.code), stdout, stderr });
    });
  });
}

describe('every command', () => {
  for (const { path, summary } of commandTable) {
    it(`xylem ${path}: --help shows what it takes, and an example of itself`, async () => {
      const { code, stdout } = await runHere([...path.split(' '), '--help']);
      assert.equal(code, 0);
      assert.match(stdout, new RegExp(`^Usage: xylem ${path}`));
      assert.match(stdout, /--json/);
      assert.ok(stdout.slice(stdout.indexOf('Example:')).includes(`xylem ${path}`), stdout);
    });
    it(`xylem ${path} stands in docs/cli.md with the same sentence`, () => {
      assert.ok(manual.includes(`| \`xylem ${path}\` | ${summary} |`), `| \`xylem ${path}\` | ${summary} |`);
    });
  }

  it('refuses an option that it does not have', async () => {
    for (const { path } of commandTable) {
      const { code, stderr } = await runHere([...path.split(' '), '--no-such-option']);
      assert.equal(code, exitCodes.input, path);
      assert.match(stderr, /E_INPUT.*(--no-such-option|not specified)/, path);
    }
  });
});

describe('docs/cli.md', () => {
  it('lists the exit codes that core gives', () => {
    const listed = [...manual.matchAll(/^\| (\d+) \| /gm)].map(([, code]) => Number(code));
    assert.deepEqual(
      listed,
      Object.values(exitCodes).toSorted((a, b) => a - b),
    );
  });
});

describe('the program', () => {
  it('says its version, which is that of its package', async () => {
    const manifest = JSON.parse(readFileSync(join(dirname(main), '..', 'package.json'), 'utf8')) as {
      version: string;
    };
    assert.equal(version, manifest.version);
    assert.deepEqual(await runProcess(['--version']), { code: 0, stdout: `${version}\n`, stderr: '' });
  });

  it('lists all commands, or those of a noun', async () => {
    const all = await runProcess([]);
    assert.equal(all.code, 0);
    for (const { path } of commandTable) assert.equal(all.stdout.includes(`  ${path} `), true, path);
    const ofHost = await runHere(['help', 'host']);
    assert.match(ofHost.stdout, /host why/);
    assert.doesNotMatch(ofHost.stdout, /release create/);
  });

  const refusals: readonly (readonly [string, RegExp])[] = [
    ['hots list', /no command "xylem hots".*Did you mean "host"/],
    ['host lst', /no verb "lst".*Did you mean "list"/],
    ['why', /Did you mean "xylem host why"/],
    ['deploy', /Say what to deploy, as in shop@2\.4\.0/],
    ['deploy shop --to acme/production', /"shop" is no release or channel.*shop@2\.4\.0/],
    ['deploy shop@2.4.0', /Say which environments: --to/],
    ['deploy shop@2.4.0 --to Acme/Production', /"Acme\/Production" is no environment's name/],
    ['deploy shop@2.4.0 --to a/b --max-unavailable 0', /--max-unavailable 0 is not valid.*25%/],
    ['deploy shop@2.4.0 --to a/b --strategy canry', /--strategy canry is unknown.*rolling/],
    ['deploy shop@2.4.0 --to a/b --strategy all-at-once --max-unavailable 3', /belong to --strategy rolling/],
    ['deploy shop@2.4.0 --to a/b --strategy canary --keep 60', /--keep .* belong to --strategy blue-green/],
    ['deploy shop@2.4.0 --to a/b --keep 60 --per site', /--per.* do not go with --strategy blue-green/],
    ['rollback shop@2.4.0 --in a/b', /no product's name.*--version/],
    ['host list --sit muc', /unknown option '--sit'.*Did you mean --site/],
    ['host label role=web', /Say which hosts/],
    ['host label web-1', /No label is named/],
    ['host label acme/production web-1 role=web', /together they are unclear/],
    ['host move web-1', /Say where to: --parent/],
    ['host move web-1 --parent relay:8443', /is no address/],
    ['host configure port=1', /Write selectors, a component, then pairs/],
    ['host serve --for acme/staging', /Say which hosts/],
    ['host serve web-1 --stop --for acme/staging', /--for names what to serve/],
    ['host retire', /Say which hosts/],
    ['token create', /required option '--env <environment>'/],
    ['token create --env acme/production --uses 0', /whole number from 1/],
    ['token create --env acme/production --label web', /"web" is no label.*role=web/],
    ['token create --env acme/production --label Role=web', /"Role=web" is no label.*lower-case/],
    ['host label web-1 Role=web', /"Role=web" is no label/],
    ['host label web-1 role=a role=b', /label role is named twice/],
    ['host label web-1 role=a role-', /label role is named twice/],
    ['host list production/', /"production\/" is no environment's name or pattern/],
    ['host list --site Muc', /--site Muc is no site's name/],
    ['status --env Acme', /"Acme" is no environment's name/],
    ['topology --env a/b/c', /"a\/b\/c" is no environment's name/],
    ['where shop --env /', /is no environment's name/],
    ['where shop --state failed', /--state goes with --hosts/],
    ['deployment list --env a/', /is no environment's name/],
    ['--context x host list', /Options stand behind the command/],
    ['release create shop@1.0.0 --with a@1.0.0 --with a@2.0.0', /--with names a twice/],
    ['release create shop --with a@1.0.0', /"shop" is no release/],
    ['release create shop@2.4.0', /needs at least one package/],
    ['channel set shop 2.4.0', /"shop" is no channel/],
    ['channel set shop/stable 2.4', /"2\.4" is no semantic version/],
    ['join http://root:1 --token x', /"http:\/\/root:1" is no node's address/],
    ['login ftp://root --token x', /is no address of a root server/],
    ['start --check', /--check belongs to --demo/],
    ['start --port 99999', /whole number from 0 to 65535/],
    ['root run --listen somewhere', /--listen somewhere is no address/],
    ['root confirm --keep both', /--keep both is unknown/],
    ['package init /nonexistent', /is no folder/],
    ['package publish /nonexistent', /is no folder/],
    ['package publish /proc', /holds no xylem\.yaml.*package init/],
  ];
  for (const [words, message] of refusals) {
    it(`refuses: xylem ${words}`, async () => {
      const { code, stdout, stderr } = await runHere(words.split(' '), {
        XYLEM_URL: 'http://127.0.0.1:9',
        XYLEM_TOKEN: 'x',
      });
      assert.match(stderr.split('\n')[0] ?? '', message);
      assert.match(stderr, /^xylem: error E_INPUT: /);
      assert.doesNotMatch(stderr, /\n {4}at /, 'no stack');
      assert.deepEqual({ code, stdout }, { code: exitCodes.input, stdout: '' });
    });
  }

  it('knows no root server until someone logged in', async () => {
    const { code, stdout, stderr } = await runProcess(['status']);
    assert.equal(stdout, '');
    assert.equal(stderr.split('\n')[1]?.trim(), errorCodes.E_NOT_LOGGED_IN.advice);
    assert.equal(code, exitCodes.auth);
  });

  it('says faults as JSON under --json, on stderr', async () => {
    const { code, stdout, stderr } = await runHere(['status', '--json'], away);
    const { error } = JSON.parse(stderr) as { error: Record<string, string> };
    assert.deepEqual(
      { code, stdout, error: error.code, advice: error.advice },
      {
        code: exitCodes.auth,
        stdout: '',
        error: 'E_NOT_LOGGED_IN',
        advice: errorCodes.E_NOT_LOGGED_IN.advice,
      },
    );
  });

  it('says what does not answer', async () => {
    const { code, stderr } = await runHere(['status'], { XYLEM_URL: 'http://127.0.0.1:9', XYLEM_TOKEN: 'x' });
    assert.match(stderr, /E_PARENT_UNREACHABLE: http:\/\/127\.0\.0\.1:9 does not answer/);
    assert.equal(code, exitCodes.network);
  });
});

it('an agent without a host is told to join', async () => {
  const { code, stderr } = await runHere(['agent', 'run', '--state', '/nonexistent/host']);
  assert.match(stderr, /E_NOT_JOINED: \/nonexistent\/host/);
  assert.equal(code, errorCodes.E_NOT_JOINED.exitCode);
  const stopped = await runHere(['agent', 'stop', '--state', '/nonexistent/host']);
  assert.match(stopped.stderr, /E_NOT_JOINED: \/nonexistent\/host/);
});
