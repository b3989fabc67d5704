import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { type TestContext, test } from 'node:test';
import { tempFolder } from '@xylem/testkit';
import { type Api, openApi } from '../../api/client.ts';
import type { Invocation } from '../../frame/define.ts';
import { createHome } from '../../home/home.ts';
import { rootHere } from '../../testing/root-here.ts';
import { command } from './edit.ts';

const params = { tenant: 'default', environment: 'place' };

interface Edited {
  readonly notes: string;
  readonly fault: unknown;
  /** What the root server has afterwards. */
  readonly yaml: string;
  /** Where the notes say that the person's text lies. */
  readonly yours: string;
}

/** An environment whose YAML begins with comments, and edits of it while somebody else saves. */
async function place(t: TestContext) {
  const root = await rootHere(t);
  const tmp = await tempFolder(t, 'tmp');
  const before = process.env.TMPDIR;
  process.env.TMPDIR = tmp;
  t.after(() => {
    if (before === undefined) delete process.env.TMPDIR;
    else process.env.TMPDIR = before;
  });
  assert.equal((await root.xylem(['env', 'create', 'place'])).code, 0);
  const api = await openApi(await createHome({ XYLEM_HOME: root.home }).context(), {});
  t.after(() => api.close());
  const substitute = async (from: string, to: string): Promise<void> => {
    const { version, yaml } = await api.call('environmentYaml', { params });
    const body = { baseVersion: version, yaml: yaml.replace(from, to) };
    await api.call('environmentYamlPut', { params, body });
  };
  await substitute('', '# one\n# two\n# three\n# four\n');

  /** @param meanwhile what somebody else does before the first save */
  async function edit(
    editor: string,
    meanwhile: () => Promise<void>,
    { interactive = true, again = true } = {},
  ): Promise<Edited> {
    let isFirst = true;
    const busy: Api = {
      ...api,
      async call(operation, asking) {
        if (operation === 'environmentYamlPut' && isFirst) {
          isFirst = false;
          await meanwhile();
        }
        return await api.call(operation, asking);
      },
    };
    const notes: string[] = [];
    let answers = again ? 1 : 0;
    const terminal = {
      interactive,
      note: (text: string) => void notes.push(text),
      confirm: async () => answers-- > 0,
    };
    const invocation = {
      args: ['place'],
      api: async () => busy,
      environment: { EDITOR: editor },
      terminal,
      signal: new AbortController().signal,
    };
    const fault = await Promise.resolve(command.run(invocation as unknown as Invocation)).then(
      () => null,
      (error: unknown) => error,
    );
    const { yaml } = await api.call('environmentYaml', { params });
    const said = notes.join('\n');
    return { notes: said, fault, yaml, yours: /lies in (\S+\.yaml)/.exec(said)?.[1] ?? '' };
  }
  return { substitute, edit, left: () => readdir(tmp) };
}

const mine = 'sed -i s/one/mine/';

test('what nobody else touches is saved, and nothing stays behind', async (t) => {
  const { edit, left } = await place(t);
  const said = await edit(mine, async () => undefined);
  assert.equal(said.fault, null);
  assert.match(said.yaml, /^# mine\n# two\n/);
  assert.deepEqual(await left(), []);
});

test('what somebody else saved elsewhere in it meanwhile is said, and stands beside it', async (t) => {
  const { substitute, edit } = await place(t);
  const said = await edit(mine, () => substitute('# four', '# theirs'));
  assert.equal(said.fault, null);
  assert.match(said.yaml, /^# mine\n# two\n# three\n# theirs\n/);
  assert.match(
    said.notes,
    /E_CONFLICT: [\s\S]*Somebody else saved version \d+[\s\S]*- # four\n {2}\+ # theirs/,
  );
  assert.match(readFileSync(said.yours, 'utf8'), /^# mine\n# two\n# three\n# four\n/);
});

test('where both changed the same lines theirs is opened, and yours kept', async (t) => {
  const { substitute, edit } = await place(t);
  const said = await edit('sed -i -e s/one/mine/ -e s/theirs/ours/', () => substitute('# one', '# theirs'));
  assert.equal(said.fault, null);
  assert.match(said.yaml, /^# ours\n# two\n/);
  assert.match(said.notes, /You changed the same lines/);
  assert.match(readFileSync(said.yours, 'utf8'), /^# mine\n/);
});

test('who gives up, and who can not be asked, is told where their text lies', async (t) => {
  const { substitute, edit } = await place(t);
  const no = await edit(mine, () => substitute('# four', '# theirs'), { again: false });
  assert.equal((no.fault as { code: string }).code, 'E_CONFLICT');
  assert.match(readFileSync(no.yours, 'utf8'), /^# mine\n/);
  const nobody = await edit(mine, () => substitute('# two', '# second'), { interactive: false });
  assert.equal((nobody.fault as { code: string }).code, 'E_CONFLICT');
  assert.match(nobody.notes, /^Your text lies in /);
  assert.match(readFileSync(nobody.yours, 'utf8'), /^# mine\n/);
  const refused = await edit('sed -i 1s/.*/{/', async () => undefined, { again: false });
  assert.notEqual(refused.fault, null);
  assert.ok(existsSync(refused.yours), refused.notes);
});

test('an editor that fails leaves nothing behind where nothing was written', async (t) => {
  const { edit, left } = await place(t);
  const said = await edit('false', async () => undefined);
  assert.match((said.fault as Error).message, /ended with 1; nothing was changed/);
  assert.deepEqual(await left(), []);
});
