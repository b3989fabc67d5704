import assert from 'node:assert/strict';
import { test } from 'node:test';
import { chooseProxy, readProxy } from './choose.ts';

const nameFor = (url: string, environment: NodeJS.ProcessEnv): string | null =>
  chooseProxy(new URL(url), environment)?.name ?? null;

test('the environment says which proxy a URL goes through', () => {
  const environment = { HTTPS_PROXY: 'http://a:1', HTTP_PROXY: 'http://b:2', ALL_PROXY: 'socks5://c:3' };
  assert.equal(nameFor('https://root.example:8441/x', environment), 'http://a:1');
  assert.equal(nameFor('http://root.example/x', environment), 'http://b:2');
  assert.equal(nameFor('http://root.example/x', { ALL_PROXY: 'socks5h://c' }), 'socks5://c:1080');
  assert.equal(
    nameFor('https://root.example/', { https_proxy: 'small:8', ...environment }),
    'http://small:8',
  );
  assert.equal(nameFor('https://root.example/', { HTTP_PROXY: 'http://b:2', HTTPS_PROXY: '' }), null);
});

test('loopback never goes through a proxy', () => {
  for (const host of ['localhost', '127.0.0.1', '127.9.9.9', '[::1]'])
    assert.equal(nameFor(`https://${host}:8442/`, { ALL_PROXY: 'http://a:1' }), null, host);
});

test('NO_PROXY excepts names, addresses, subnets and ranges', () => {
  const excepted: readonly (readonly [string, string])[] = [
    ['*', 'https://any.example/'],
    ['root.example', 'https://root.example:8441/'],
    ['root.example', 'https://a.root.example/'],
    ['ROOT.example', 'https://Root.Example/'],
    ['.example', 'https://root.example/'],
    ['*.example', 'https://root.example/'],
    ['x, root.example:8441', 'https://root.example:8441/'],
    ['10.0.0.0/8', 'https://10.1.2.3:8441/'],
    ['10.0.0.5', 'https://10.0.0.5/'],
    ['10.0.0.1-10.0.0.9', 'https://10.0.0.5/'],
    ['fd77::/16', 'https://[fd77::5]:8441/'],
    ['[fd77::5]:8441', 'https://[fd77::5]:8441/'],
    ['fd77:0::5', 'https://[fd77::5]:8441/'],
    ['a b\tfd77::5', 'https://[fd77::5]/'],
  ];
  for (const [NO_PROXY, url] of excepted)
    assert.equal(nameFor(url, { ALL_PROXY: 'http://a:1', NO_PROXY }), null, `${NO_PROXY} ${url}`);
  const others: readonly (readonly [string, string])[] = [
    ['', 'https://root.example/'],
    ['.root.example', 'https://root.example/'],
    ['oot.example', 'https://root.example/'],
    ['root.example:443', 'https://root.example:8441/'],
    ['10.0.0.0/8', 'https://11.1.2.3/'],
    ['10.0.0.0/99', 'https://10.1.2.3/'],
    ['0.0.0.0/0', 'https://[fd77::5]/'],
    ['10.0.0.0/8', 'https://name.example/'],
    ['fd77::/16', 'https://[fd78::5]/'],
    [',-,/,[]:,[', 'https://root.example/'],
  ];
  for (const [NO_PROXY, url] of others)
    assert.equal(nameFor(url, { ALL_PROXY: 'http://a:1', NO_PROXY }), 'http://a:1', `${NO_PROXY} ${url}`);
});

test('a URL of a proxy holds user and password, which are never said', () => {
  const proxy = readProxy('http://us%40er:p%3Ass@[fd77::5]:3128');
  assert.deepEqual(proxy, {
    kind: 'http',
    host: 'fd77::5',
    port: 3128,
    credentials: { user: 'us@er', password: 'p:ss' },
    name: 'http://[fd77::5]:3128',
  });
  for (const text of ['ftp://secret@x', 'http://', 'http://u:secret@', 'socks4://secret@x:1'])
    assert.throws(
      () => readProxy(text),
      (error: Error & { code: string }) => error.code === 'E_PROXY' && !error.message.includes('secret'),
      text,
    );
});
