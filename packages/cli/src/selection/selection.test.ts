import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseSelector, selects } from '@xylem/core';
import { confirmCount } from './confirm.ts';
import { hostQuery, hostSelection } from './hosts.ts';

const nothing = { where: undefined, site: undefined };

describe('host selectors', () => {
  it('tells environments from hosts by the slash', () => {
    assert.deepEqual(hostQuery(['*/production', 'acme/staging'], { ...nothing, site: 'muc' }), {
      environment: ['*/production', 'acme/staging'],
      site: 'muc',
    });
  });

  it('takes names, patterns of names, and beginnings of ids, narrowed by --where', () => {
    const { where = '' } = hostQuery(['web-1', 'db-*', '3f9a'], {
      ...nothing,
      where: 'role = web or role = db',
    });
    const fits = (id: string, name: string, role: string): boolean =>
      selects(parseSelector(where), { id, name, labels: { role } });
    assert.deepEqual(
      [
        fits('00', 'web-1', 'web'),
        fits('00', 'db-7', 'db'),
        fits('3f9a11', 'x', 'web'),
        fits('00', 'web-2', 'web'),
        fits('00', 'web-1', 'cache'),
      ],
      [true, true, true, false, false],
    );
  });

  it('cannot be broken out of by a name', () => {
    assert.throws(() => hostQuery(['x" or all or name = "y'], nothing), { code: 'E_INPUT' });
    assert.throws(() => hostQuery(['role = web'], nothing), /--where 'role = web'/);
  });

  it('wants a change to say which hosts, and all means all', () => {
    assert.throws(() => hostSelection([], nothing), { code: 'E_INPUT' });
    assert.deepEqual(hostSelection(['all'], nothing), {});
  });
});

describe('confirmation', () => {
  const terminal = (interactive: boolean, answer: boolean) => {
    const notes: string[] = [];
    const asked: string[] = [];
    return {
      notes,
      asked,
      signal: new AbortController().signal,
      terminal: {
        interactive,
        line: () => undefined,
        ready: () => undefined,
        note: (text: string) => void notes.push(text),
        progress: () => ({ update: () => undefined, done: () => undefined }),
        leaveProgress: () => undefined,
        confirm: async (question: string) => {
          asked.push(question);
          return answer;
        },
      },
    };
  };

  it('says the count and goes on up to the threshold', async () => {
    const ten = terminal(true, false);
    await confirmCount(ten, 10, '10 hosts will be moved.', false);
    assert.deepEqual([ten.notes, ten.asked], [['10 hosts will be moved.'], []]);
  });

  it('asks above it, and does nothing without a yes', async () => {
    const yes = terminal(true, true);
    await confirmCount(yes, 11, '11 hosts.', false);
    assert.equal(yes.asked.length, 1);
    await assert.rejects(confirmCount(terminal(true, false), 11, '11 hosts.', false), {
      code: 'E_CONFIRMATION',
    });
  });

  it('refuses above it where nobody can be asked, unless --yes', async () => {
    await assert.rejects(confirmCount(terminal(false, true), 11, '11 hosts.', false), {
      code: 'E_CONFIRMATION',
    });
    await confirmCount(terminal(false, false), 11, '11 hosts.', true);
  });
});
