import assert from 'node:assert/strict';
import { test } from 'node:test';
import { parseSignerFile, type SignerFile, toB64u } from '@xylem/core';
import { externalSigner } from './external-signer.ts';
import { generateKey, type KeyPair, verifySignature } from './key-pair.ts';

/** A command of Node's that signs with `key`, changed by `how`: it sees `request` and the right `signature`. */
function signerFile(key: KeyPair, how: string, timeoutMs = 20_000): SignerFile {
  const pem = key.privateKey.export({ format: 'pem', type: 'pkcs8' }).toString();
  const script = `
    const { sign } = require('node:crypto');
    let text = '';
    process.stdin.on('data', (piece) => (text += piece)).on('end', () => {
      const request = JSON.parse(text);
      const signature = sign(null, Buffer.from(request.payload, 'base64url'), ${JSON.stringify(pem)}).toString('base64url');
      ${how}
    });`;
  return parseSignerFile({
    format: 'xylem-signer-1',
    keyid: key.keyId,
    public: toB64u(key.public),
    what: 'root',
    command: [process.execPath, '-e', script],
    timeoutMs,
  });
}

const honest = 'console.log(JSON.stringify({ signature }));';

test('a command signs, and is told in words what it signs', async () => {
  const key = generateKey();
  const bytes = Buffer.from('root metadata');
  const how = `if (request.what !== 'the root of shop' || request.keyid !== '${key.keyId}') process.exit(9); ${honest}`;
  const signature = await externalSigner(signerFile(key, how), 'the root of shop').sign(bytes);
  assert.equal(verifySignature(key.public, bytes, signature), true);
});

const faults: readonly (readonly [string, string, RegExp])[] = [
  [
    'ends with another code',
    "console.error('no token present'); process.exit(3);",
    /ended with 3: no token present/,
  ],
  ['answers no JSON', "console.log('signed!');", /something other/],
  ['answers another document', 'console.log("{}");', /something other/],
  ['signs other bytes', `console.log(JSON.stringify({ signature: 'A'.repeat(86) }));`, /does not verify/],
  ['answers without end', "setInterval(() => console.log('x'.repeat(1000)), 1);", /more than 4096/],
  ['is killed', "process.kill(process.pid, 'SIGTERM');", /SIGTERM/],
];
for (const [name, how, message] of faults) {
  test(`a command that ${name} has not signed`, async () => {
    const signer = externalSigner(signerFile(generateKey(), how), 'x');
    await assert.rejects(async () => signer.sign(Buffer.from('x')), { code: 'E_SIGNER', message });
  });
}

test('a command that hangs is killed, and one that is not there is said', async () => {
  const key = generateKey();
  const hanging = externalSigner(signerFile(key, 'setInterval(() => {}, 1000);', 300), 'x');
  await assert.rejects(async () => hanging.sign(Buffer.from('x')), { message: /within 300 ms/ });
  // The shell is killed and leaves a child that holds its output open: nobody waits for it.
  const shell = { ...signerFile(key, honest, 300), command: ['/bin/sh', '-c', 'sleep 100 & wait'] };
  await assert.rejects(async () => externalSigner(shell, 'x').sign(Buffer.from('x')), { code: 'E_SIGNER' });
  const file = { ...signerFile(key, honest), command: ['/nonexistent/hsm'] };
  await assert.rejects(async () => externalSigner(file, 'x').sign(Buffer.from('x')), {
    code: 'E_SIGNER',
    message: /could not be started/,
  });
});

test('a signer file that names another key than its own is refused', () => {
  const file = { ...signerFile(generateKey(), honest), keyid: generateKey().keyId };
  assert.throws(() => externalSigner(file as SignerFile, 'x'), { code: 'E_KEY_INVALID' });
});
