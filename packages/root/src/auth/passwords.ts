import { argon2, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';
import { XylemError } from '@xylem/core';
import type { Randomness } from '@xylem/platform';

interface Parameters {
  readonly memoryKiB: number;
  readonly passes: number;
  readonly lanes: number;
}

const present: Parameters = { memoryKiB: 32 * 1024, passes: 3, lanes: 1 };
const hashBytes = 32;
const maxAtOnce = 2;
const maxWaiting = 20;
const derive = promisify(argon2);

/** Hashes and checks passwords, few at once: each takes memory, and whoever is not signed in can ask for it. */
export interface Passwords {
  hash(password: string): Promise<string>;
  /** Whether it is the one; `kept` null: nobody's, after the same work. @throws XylemError E_BUSY */
  check(password: string, kept: string | null): Promise<boolean>;
}

export function createPasswords(randomness: Randomness): Passwords {
  const inTurn = turns();
  const hashOf = (password: string, salt: Uint8Array, { memoryKiB, passes, lanes }: Parameters) =>
    inTurn(() =>
      derive('argon2id', {
        message: Buffer.from(password.normalize('NFKC')),
        nonce: salt,
        memory: memoryKiB,
        passes,
        parallelism: lanes,
        tagLength: hashBytes,
      }),
    );
  const nobodys = Buffer.alloc(16);
  return {
    hash: async (password) => {
      const salt = randomness.bytes(16);
      const hash = await hashOf(password, salt, present);
      const { memoryKiB, passes, lanes } = present;
      const [saltText, hashText] = [salt, hash].map((bytes) => Buffer.from(bytes).toString('base64url'));
      return `argon2id$${memoryKiB}$${passes}$${lanes}$${saltText}$${hashText}`;
    },
    check: async (password, kept) => {
      const known = kept === null ? null : parse(kept);
      const hash = await hashOf(password, known?.salt ?? nobodys, known ?? present);
      return timingSafeEqual(hash, known?.hash ?? Buffer.alloc(hashBytes)) && known !== null;
    },
  };
}

function parse(kept: string): Parameters & { readonly salt: Buffer; readonly hash: Buffer } {
  const [name, memory, passes, lanes, salt = '', hash = ''] = kept.split('$');
  const numbers = [memory, passes, lanes].map(Number);
  const bytes = Buffer.from(hash, 'base64url');
  if (name !== 'argon2id' || !numbers.every(Number.isSafeInteger) || bytes.length !== hashBytes)
    throw new XylemError('E_STATE_DAMAGED', 'A password in the database has an unknown form.');
  const [memoryKiB = 0, passCount = 0, laneCount = 0] = numbers;
  const saltBytes = Buffer.from(salt, 'base64url');
  return { memoryKiB, passes: passCount, lanes: laneCount, salt: saltBytes, hash: bytes };
}

/** Lets so many work at once and so many wait. */
function turns(): <T>(work: () => Promise<T>) => Promise<T> {
  let working = 0;
  const waiting: (() => void)[] = [];
  return async (work) => {
    if (working >= maxAtOnce) {
      if (waiting.length >= maxWaiting) {
        throw new XylemError('E_BUSY', 'Too many are signing in at once. Try again in a few seconds.');
      }
      // Who ends hands the place over: nobody who comes just then takes it.
      await new Promise<void>((resolve) => waiting.push(resolve));
    } else {
      working += 1;
    }
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      if (next === undefined) working -= 1;
      else next();
    }
  };
}
