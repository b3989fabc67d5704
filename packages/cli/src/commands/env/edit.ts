import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, rmdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { XylemError } from '@xylem/core';
import { writeFileAtomic } from '@xylem/platform';
import type { EnvironmentYaml } from '@xylem/root/contract';
import { defineCommand } from '../../frame/define.ts';
import { only } from '../../frame/words.ts';
import { environmentParams } from '../../selection/environments.ts';
import { difference, withBoth } from './both.ts';
import { inFile } from './in-file.ts';
import { savedText } from './shared.ts';

/** $EDITOR may hold words of its own (`code --wait`); the file's name is never seen by a shell. */
async function openEditor(editor: string, file: string): Promise<void> {
  const [program = 'vi', ...words] = editor.split(/\s+/);
  const child = spawn(program, [...words, file], { stdio: 'inherit' });
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  if (code !== 0)
    throw new XylemError('E_INPUT', `The editor (${editor}) ended with ${code}; nothing was changed.`);
}

/** So much of what others changed is shown. */
const shownLines = 40;

interface Editing {
  /** What is edited, and sent back. */
  readonly file: string;
  /** What the root server had when the editing began. */
  readonly base: EnvironmentYaml;
}

/** Where the person's text lies after somebody else saved, and from what they go on. */
async function onNewBase(
  { file, base }: Editing,
  newest: EnvironmentYaml,
  edited: string,
  note: (line: string) => void,
): Promise<{ readonly yours: string; readonly base: EnvironmentYaml }> {
  const yours = file.replace(/\.yaml$/, `.yours-${base.version}.yaml`);
  await writeFileAtomic(yours, edited);
  note(`Somebody else saved version ${newest.version} while you edited version ${base.version}:`);
  for (const line of difference(base.yaml, newest.yaml, shownLines)) note(`  ${line}`);
  const both = withBoth(base.yaml, edited, newest.yaml);
  await writeFileAtomic(file, both ?? newest.yaml);
  note(
    both === null
      ? `You changed the same lines: the editor opens theirs, for you to bring in yours, which lies in ${yours}.`
      : `The editor opens both changes together; your text alone lies in ${yours}.`,
  );
  return { yours, base: newest };
}

export const command = defineCommand({
  arguments: '<environment>',
  about:
    'Opens its YAML in $VISUAL or $EDITOR and saves what you leave there. What is refused can be corrected at once; what somebody else saved meanwhile is shown, and you go on from there.',
  example: 'EDITOR=nano xylem env edit acme/production',
  async run({ args, api, environment, terminal, signal }) {
    const server = await api();
    const params = await environmentParams(server, only(args));
    let base = await server.call('environmentYaml', { params });
    const folder = await mkdtemp(join(tmpdir(), 'xylem-edit-'));
    const file = join(folder, `${params.tenant}-${params.environment}.yaml`);
    await writeFileAtomic(file, base.yaml);
    let yours = file;
    const save = async (yaml: string) =>
      await inFile(file, () =>
        server.call('environmentYamlPut', { params, body: { baseVersion: base.version, yaml } }),
      );
    try {
      for (;;) {
        yours = file;
        await openEditor(environment.VISUAL || environment.EDITOR || 'vi', file);
        const edited = await readFile(file, 'utf8');
        try {
          const saved = await save(edited);
          await rm(file);
          // What was typed before somebody else saved stays.
          await rmdir(folder).catch(() => undefined);
          return { data: saved, text: () => savedText(`${params.tenant}/${params.environment}`, saved) };
        } catch (error) {
          if (!(error instanceof XylemError) || !terminal.interactive) throw error;
          terminal.note(`${error.code}: ${error.message}`);
          const newest =
            error.code === 'E_CONFLICT' ? await server.call('environmentYaml', { params }) : base;
          if (newest.version !== base.version)
            ({ yours, base } = await onNewBase({ file, base }, newest, edited, terminal.note));
          if (!(await terminal.confirm('Edit it again?', signal))) throw error;
        }
      }
    } catch (error) {
      const left = await readFile(yours, 'utf8').catch(() => base.yaml);
      if (left === base.yaml) await rm(folder, { recursive: true, force: true });
      else terminal.note(`Your text lies in ${yours}.`);
      throw error;
    }
  },
});
