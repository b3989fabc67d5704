import assert from 'node:assert/strict';
import { test } from 'node:test';
import { urgencyOf } from './urgency.ts';

const said = (...pass: string[]) =>
  urgencyOf({ urgent: true, reason: 'A hole is open.', pass, deadline: undefined });

test('what is passed is named once each, and only what holds a host up by itself has a name', () => {
  assert.deepEqual(said('locks:shop-web', 'freezes:christmas', 'locks:shop-web', 'quotas'), {
    urgent: true,
    reason: 'A hole is open.',
    passes: ['freezes:christmas', 'locks:shop-web', 'quotas'],
  });
  assert.equal('passes' in said(), false);
  assert.throws(() => said('windows:nights'), {
    code: 'E_INPUT',
    message:
      /--pass windows:nights is none of freezes, locks, quotas, windows, freezes:NAME or locks:COMPONENT \(windows add up/,
  });
  assert.throws(
    () => urgencyOf({ urgent: false, reason: 'Why not.', pass: ['locks'], deadline: undefined }),
    {
      code: 'E_INPUT',
      message: /--urgent --reason/,
    },
  );
});
