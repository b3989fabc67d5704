import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';

const program = join(import.meta.dirname, 'build-agent.ts');
const isBuildable = process.platform === 'linux' && Number(process.versions.node.split('.')[0]) >= 26;
const skip = isBuildable ? false : 'a single executable is built by Node 26 on Linux';

test('the single executable is the agent, and a whole Node for services', { skip }, (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'xylem-executable-'));
  t.after(() => rmSync(folder, { recursive: true }));
  const agent = join(folder, 'xylem-agent');
  execFileSync(process.execPath, [program, '--out', agent, '--version', '7.1.0']);
  const run = (file: string, ...words: string[]): string =>
    execFileSync(file, words, { cwd: folder, encoding: 'utf8', env: { PATH: '/usr/bin:/bin' } });
  assert.equal(run(agent, '--version'), '7.1.0\n');
  const help = run(agent, '--help');
  assert.match(help, /agent run/);
  assert.doesNotMatch(help, /root run/, 'what belongs to other machines is not in it');
  assert.match(run(agent, 'agent', 'run', '--help'), /--state/);

  // `${node}`: modules of both kinds, with their arguments and what they import themselves.
  const node = join(folder, 'node');
  symlinkSync(agent, node);
  writeFileSync(join(folder, 'other.mjs'), 'export const other = await Promise.resolve(2);');
  const told = 'JSON.stringify([process.argv.slice(2), other])';
  writeFileSync(join(folder, 'a.mjs'), `import { other } from './other.mjs'; console.log(${told});`);
  writeFileSync(
    join(folder, 'b.cjs'),
    `const { other } = { other: require.main === module }; console.log(${told});`,
  );
  assert.equal(run(node, join(folder, 'a.mjs'), '8080'), '[["8080"],2]\n');
  assert.equal(run(node, join(folder, 'b.cjs'), '-x'), '[["-x"],true]\n');
});
