import { spawn } from 'node:child_process';
import { fromB64u, jcs, parseJson, type SignerFile, toB64u, XylemError } from '@xylem/core';
import { keyIdOf, type Signer, verifySignature } from './key-pair.ts';

const maxAnswerBytes = 4096;
const maxComplaint = 500;

/**
 * A signer whose key a command holds (docs/spec/custody.md, External signer): a device, a KMS, another machine. It is
 * asked once for each signature, and believed only as far as its public key verifies.
 * @param saying what is signed, in words, for a command that asks a person
 * @throws XylemError E_KEY_INVALID when the file's key id is not its key's
 */
export function externalSigner(file: SignerFile, saying: string): Signer {
  const raw = Uint8Array.from(fromB64u(file.public));
  if (raw.length !== 32 || keyIdOf(raw) !== file.keyid) {
    throw new XylemError('E_KEY_INVALID', `The signer file for ${file.what} names another key than its own.`);
  }
  return {
    public: raw,
    keyId: file.keyid,
    async sign(bytes) {
      const { keyid, public: key } = file;
      const request = { format: 'xylem-sign-1', keyid, public: key, what: saying, payload: toB64u(bytes) };
      const signature = signatureIn(await ask(file, jcs(request)), file);
      if (verifySignature(raw, bytes, signature)) return signature;
      throw refused(file, 'answered with a signature that its key does not verify');
    },
  };
}

function signatureIn(answer: string, file: SignerFile): Uint8Array {
  let value: unknown;
  try {
    value = parseJson(answer, 'answer', { maxBytes: maxAnswerBytes });
  } catch (cause) {
    throw refused(file, 'answered something other than {"signature":…}', cause);
  }
  const signature: unknown = (value as { signature?: unknown } | null)?.signature;
  if (typeof signature === 'string') return fromB64u(signature);
  throw refused(file, 'answered something other than {"signature":…}');
}

function ask(file: SignerFile, request: string): Promise<string> {
  const [program = '', ...args] = file.command;
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: 'pipe', shell: false });
    const fail = (what: string, cause?: unknown): void => {
      // What the command left running may hold the pipes open; nobody waits for that.
      for (const pipe of child.stdio) pipe?.destroy();
      reject(refused(file, what, cause));
    };
    const late = setTimeout(() => {
      child.kill('SIGKILL');
      fail(`did not answer within ${file.timeoutMs} ms`);
    }, file.timeoutMs);
    let answer = '';
    let complaint = '';
    child.stdout.setEncoding('utf8').on('data', (piece: string) => {
      answer += piece;
      if (answer.length <= maxAnswerBytes) return;
      child.kill('SIGKILL');
      fail(`answered more than ${maxAnswerBytes} bytes`);
    });
    child.stderr.setEncoding('utf8').on('data', (piece: string) => {
      complaint = (complaint + piece).slice(0, maxComplaint);
    });
    // A command that does not read its input is no fault; what it answers decides.
    child.stdin.on('error', () => undefined);
    child.stdin.end(`${request}\n`);
    child.once('error', (cause) => {
      clearTimeout(late);
      fail(`could not be started: ${cause.message}`, cause);
    });
    child.once('close', (exitCode, signal) => {
      clearTimeout(late);
      const said = complaint.trim() === '' ? '' : `: ${complaint.trim()}`;
      if (exitCode === 0) resolve(answer);
      else fail(`ended with ${exitCode ?? signal}${said}`);
    });
  });
}

function refused(file: SignerFile, what: string, cause?: unknown): XylemError {
  const message = `The command ${file.command[0] ?? ''} that signs with ${file.what} (${file.keyid.slice(0, 16)}) ${what}.`;
  return new XylemError('E_SIGNER', message, cause === undefined ? {} : { cause });
}
