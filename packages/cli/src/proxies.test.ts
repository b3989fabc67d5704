import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { test } from 'node:test';
import { installDebian, type NetworkNode, startNode, waitUntil } from '@xylem/testkit';
import { environment, labHere } from './testing/lab-here.ts';

const password = 'open-sesame-7391';

/** Nothing leaves a node but to another, as behind a firewall. */
const onlyTo = (proxy: NetworkNode): string => `
table inet only {
  chain out {
    type filter hook output priority 0
    policy drop
    oifname "lo" accept
    icmpv6 type { nd-neighbor-solicit, nd-neighbor-advert } accept
    ip daddr ${proxy.address4()} accept
    ip6 daddr ${proxy.address6()} accept
  }
}`;

const tinyproxyConfig = `
Port 3128
Listen 0.0.0.0
Listen ::
Timeout 600
MaxClients 100
BasicAuth xylem ${password}
LogLevel Info
`;

test('a relay joins and converges through a proxy of HTTP, says when that is dead, and goes on through one of SOCKS', {
  timeout: 180_000,
}, async (t) => {
  const lacking = await installDebian('tinyproxy-bin', 'microsocks');
  if (lacking !== null) return t.skip(lacking.skip);
  const here = await labHere(t, 'proxies');
  if ('skip' in here) return t.skip(here.skip);
  const { lab, operator, at } = here;
  const proxy = await lab.node('proxy');
  writeFileSync(at('tinyproxy.conf'), tinyproxyConfig);
  const startProxy = () => proxy.start(['/usr/bin/tinyproxy', '-d', '-c', at('tinyproxy.conf')]);
  const first = await startProxy();
  await first.waitForLine(/Accepting connections/);
  await proxy.start(['/usr/bin/microsocks', '-i', '::', '-p', '1080', '-u', 'xylem', '-P', password]);

  const site = await lab.node('site');
  await site.run(['nft', onlyTo(proxy)]);
  const xylem = here.on(site);
  writeFileSync(at('password'), `${password}\n`, { mode: 0o600 });
  await here.release('1.0.0', 'one');
  const state = at('site');
  const withPassword = ['--proxy-password-file', at('password')];
  const url = await startNode(xylem, {
    name: 'site',
    environment,
    state,
    operator,
    serve: true,
    listen: { listen: '[::]:8442', url: 'https://site.lab:8442' },
    joinWords: ['--proxy', 'http://xylem@proxy.lab:3128', ...withPassword],
  });
  assert.equal(url, 'https://site.lab:8442');
  const file = (): string => readFileSync(`${state}/components/web/current/file`, 'utf8');
  await waitUntil(() => file() === 'one', 30_000);
  // The request for news is held through the proxy.
  await here.arrive('2.0.0', 'two');
  assert.equal(file(), 'two');
  assert.match(first.stdout(), /CONNECT root\.lab:8441/);

  // Another goes by the variables that everything on its machine goes by.
  const bay = await lab.node('bay');
  await bay.run(['nft', onlyTo(proxy)]);
  const withVariables = here.on(bay, {
    HTTPS_PROXY: `http://xylem:${password}@proxy.lab:3128`,
    NO_PROXY: 'elsewhere.lab',
  });
  await startNode(withVariables, { name: 'bay', environment, state: at('bay'), operator });
  const inBay = (): string => readFileSync(`${at('bay')}/components/web/current/file`, 'utf8');
  await waitUntil(() => inBay() === 'two', 30_000);
  assert.match(
    await withVariables.show(['agent', 'doctor', '--state', at('bay')]),
    /https:\/\/root\.lab:8441 answers, and serves/,
  );
  const bayLog = readFileSync(at('logs-bay', 'bay.log'), 'utf8');
  assert.doesNotMatch(bayLog, new RegExp(password));
  await operator.command(['host', 'retire', 'bay', '--yes']);
  await withVariables.end('bay', 'SIGTERM');

  await proxy.kill();
  const explained = async (): Promise<string> =>
    xylem.show(['agent', 'doctor', '--state', state]).catch(String);
  assert.match(
    await explained(),
    /The proxy http:\/\/proxy\.lab:3128 does not answer as a proxy: .*ECONNREFUSED/,
  );
  const log = (): string => readFileSync(at('logs-site', 'site.log'), 'utf8');
  await waitUntil(() => /E_PROXY/.test(log()), 30_000);
  await here.release('3.0.0', 'three');
  const again = await startProxy();
  await waitUntil(() => file() === 'three', 60_000);
  assert.doesNotMatch(again.stdout(), new RegExp(password));

  await xylem.end('site', 'SIGKILL');
  await again.kill();
  await proxy.start(['/usr/bin/microsocks', '-i', '::', '-p', '1080', '-u', 'xylem', '-P', password]);
  const socks = ['agent', 'proxy', 'socks5://xylem@proxy.lab:1080', '--password-file', at('password')];
  assert.deepEqual(await xylem.command([...socks, '--state', state]), {
    state,
    kept: { proxy: 'socks5://proxy.lab:1080', user: 'xylem', except: [] },
  });
  await xylem.start('site', ['agent', 'run', '--state', state, '--listen', '[::]:8442']);
  await here.arrive('4.0.0', 'four');
  assert.equal(file(), 'four');

  assert.doesNotMatch(log(), new RegExp(password));
  assert.doesNotMatch(JSON.stringify(await operator.command(['host', 'show', 'site'])), new RegExp(password));
  assert.doesNotMatch(readFileSync(`/proc/${xylem.pidOf('site')}/cmdline`, 'utf8'), new RegExp(password));
  await assert.rejects(
    xylem.command(['agent', 'proxy', `http://xylem:${password}@proxy.lab:3128`, '--state', state]),
    /E_INPUT.*list of processes|on the command line is seen/,
  );
});
