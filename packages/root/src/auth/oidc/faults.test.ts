import assert from 'node:assert/strict';
import { test } from 'node:test';
import { jsonLog, systemClock } from '@xylem/platform';
import { faultOf } from './faults.ts';

test('what the library threw says what to do, and nothing of what the issuer sent reaches a log', () => {
  const token = 'eyJ.a.token';
  const codes: readonly (readonly [object, string, string | undefined])[] = [
    [{ code: 'OAUTH_INVALID_RESPONSE' }, 'E_OIDC', 'token'],
    [{ code: 'OAUTH_JWT_CLAIM_COMPARISON_FAILED' }, 'E_OIDC', 'token'],
    [{ code: 'OAUTH_JWT_TIMESTAMP_CHECK_FAILED' }, 'E_OIDC', 'clock'],
    [{ code: 'OAUTH_PARSE_ERROR' }, 'E_ISSUER', undefined],
    [{ code: 'OAUTH_TIMEOUT' }, 'E_ISSUER', undefined],
    [{ code: 'OAUTH_RESPONSE_BODY_ERROR', error: 'invalid_client', status: 400 }, 'E_OIDC', 'client'],
    [{ code: 'OAUTH_RESPONSE_BODY_ERROR', error: 'invalid_grant', status: 400 }, 'E_OIDC', 'refused'],
    [{ code: 'OAUTH_AUTHORIZATION_RESPONSE_ERROR', error: 'access_denied' }, 'E_OIDC', 'denied'],
    [{}, 'E_OIDC', 'token'],
  ];
  for (const [said, code, reason] of codes) {
    const thrown = Object.assign(new Error('it went wrong', { cause: { body: { id_token: token } } }), said);
    const fault = faultOf(thrown, 'https://login.example');
    assert.deepEqual([fault.code, fault.details['reason']], [code, reason]);
    let logged = '';
    jsonLog({ write: (line) => (logged += line) }, systemClock).error('failed', { error: fault });
    assert.match(logged, /it went wrong/);
    assert.ok(!logged.includes(token), logged);
  }
  const nested = new Error('outer', { cause: new Error('inner', { cause: faultOf({}, 'x') }) });
  assert.equal(faultOf(nested, 'https://login.example').details['reason'], 'token');
});
