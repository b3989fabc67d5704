import { mkdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type TestPackage, testPackage } from './packages.ts';

/** Prints what is wrong with a configuration, as `nginx -t` does; and counts reloads below its second argument. */
const tool = `const fs = require('node:fs');
const [what, path] = process.argv.slice(2);
if (what === 'reload') fs.appendFileSync(path, 'reload\\n');
else if (fs.readFileSync(path, 'utf8').includes('port 0')) { console.error('port 0 is no port'); process.exit(1); }
`;

/**
 * A package that places two files in a folder outside of the state folder: one filled from its configuration, one as it
 * is; it checks the first before and counts reloads in `reloads` beside them.
 */
export function placingPackage(options: {
  version: string;
  /** An absolute folder, made here. */
  outside: string;
  port?: number;
  only?: boolean;
  reloadFails?: boolean;
  component?: string;
}): TestPackage {
  const { version, outside, port = 80, only = false, reloadFails = false, component = 'thing' } = options;
  mkdirSync(outside, { recursive: true });
  return testPackage({
    component,
    version,
    files: {
      'conf/main.conf.tmpl': `version ${version}\nport {{ config.port }}\n`,
      'conf/plain.conf': `plain ${version}\n`,
      'tool.cjs': tool,
    },
    config: { port },
    install: {
      install: [
        {
          from: 'conf/main.conf.tmpl',
          to: join(outside, 'main.conf'),
          template: true,
          mode: '0640',
        },
        ...(only ? [] : [{ from: 'conf/plain.conf', to: join(outside, 'sub', 'plain.conf') }]),
      ],
      // biome-ignore-start lint/suspicious/noTemplateCurlyInString: a package's placeholders
      validate: { command: ['${node}', '${tree}/tool.cjs', 'validate', '${rendered}/conf/main.conf'] },
      reload: {
        command: [
          '${node}',
          reloadFails ? '${tree}/gone.cjs' : '${tree}/tool.cjs',
          'reload',
          join(outside, 'reloads'),
        ],
      },
      // biome-ignore-end lint/suspicious/noTemplateCurlyInString: a package's placeholders
    },
  });
}

/** Which version is in place there; null: none. */
export async function placedVersion(outside: string): Promise<string | null> {
  const text = await readFile(join(outside, 'main.conf'), 'utf8').catch(() => '');
  return /^version (.+)$/m.exec(text)?.[1] ?? null;
}
