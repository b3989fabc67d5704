import { spawn } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { XylemError } from '@xylem/core';
import { writeFileAtomic } from '@xylem/platform';
import { defineCommand } from '../../frame/define.ts';
import { only } from '../../frame/words.ts';
import { environmentParams } from '../../selection/environments.ts';
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

export const command = defineCommand({
  arguments: '<environment>',
  about:
    'Opens its YAML in $VISUAL or $EDITOR and saves what you leave there. What is refused can be corrected at once.',
  example: 'EDITOR=nano xylem env edit acme/production',
  async run({ args, api, environment, terminal, signal }) {
    const server = await api();
    const params = await environmentParams(server, only(args));
    const { version, yaml } = await server.call('environmentYaml', { params });
    const folder = await mkdtemp(join(tmpdir(), 'xylem-edit-'));
    const file = join(folder, `${params.tenant}-${params.environment}.yaml`);
    await writeFileAtomic(file, yaml);
    for (;;) {
      await openEditor(environment.VISUAL || environment.EDITOR || 'vi', file);
      const edited = await readFile(file, 'utf8');
      try {
        const saved = await inFile(file, () =>
          server.call('environmentYamlPut', { params, body: { baseVersion: version, yaml: edited } }),
        );
        await rm(folder, { recursive: true });
        return { data: saved, text: () => savedText(`${params.tenant}/${params.environment}`, saved) };
      } catch (error) {
        if (!(error instanceof XylemError) || !terminal.interactive) throw error;
        terminal.note(`${error.code}: ${error.message}`);
        if (!(await terminal.confirm('Edit it again?', signal))) throw error;
      }
    }
  },
});
