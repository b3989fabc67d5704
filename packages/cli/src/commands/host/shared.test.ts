import assert from 'node:assert/strict';
import { it } from 'node:test';
import type { HostsChanged } from '@xylem/root/contract';
import type { Invocation } from '../../frame/define.ts';
import { changeHosts } from './shared.ts';

const cases: readonly (readonly [count: number, changed: number, note: string[], text: string])[] = [
  [1, 1, ['1 host will be labelled.'], '1 host labelled.'],
  [3, 2, ['2 hosts will be labelled; 1 host needs no change.'], '2 hosts labelled; 1 host needs no change.'],
  [9, 1, ['1 host will be labelled; 8 hosts need no change.'], '1 host labelled; 8 hosts need no change.'],
  [2, 0, [], '2 hosts need no change.'],
];
for (const [count, changed, note, text] of cases) {
  it(`${count} hosts fit and ${changed} change: ${text}`, async () => {
    const notes: string[] = [];
    const asked: boolean[] = [];
    const change = async (dryRun: boolean): Promise<HostsChanged> => {
      asked.push(dryRun);
      return { count, changed, hosts: [] };
    };
    const terminal = { note: (said: string) => void notes.push(said) };
    const outcome = await changeHosts({ terminal } as unknown as Invocation, false, 'labelled', change);
    assert.deepEqual([outcome.text, notes], [text, note]);
    assert.deepEqual(asked, changed === 0 ? [true] : [true, false]);
  });
}
