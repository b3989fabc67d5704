import { access } from 'node:fs/promises';
import { run } from './run.ts';
import { isRoot, type Unavailable } from './unavailable.ts';

const under = { env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }, timeoutMs: 300_000 };

/**
 * Makes sure that Debian packages are installed: does nothing when they are, installs them when root.
 * @returns null, or the reason why they are not there
 */
export async function installDebian(...packages: string[]): Promise<Unavailable | null> {
  if (await installed(packages)) return null;
  if (
    !(await access('/usr/bin/apt-get').then(
      () => true,
      () => false,
    ))
  )
    return { skip: 'no apt-get on this machine' };
  if (!isRoot()) return { skip: `needs Debian's ${packages.join(', ')}; not root, so it can't be installed` };
  const install = ['install', '-y', '-q', '--no-install-recommends', ...packages];
  try {
    await run('/usr/bin/apt-get', install, under).catch(async () => {
      await run('/usr/bin/apt-get', ['update', '-q'], under);
      await run('/usr/bin/apt-get', install, under);
    });
    return null;
  } catch (error) {
    return { skip: `apt-get could not install ${packages.join(', ')}: ${String(error).slice(0, 500)}` };
  }
}

async function installed(packages: readonly string[]): Promise<boolean> {
  const query = ['-W', '-f', `\${db:Status-Status}\n`, ...packages];
  const answer = await run('/usr/bin/dpkg-query', query).catch(() => ({ stdout: '' }));
  return answer.stdout.split('\n').filter((line) => line === 'installed').length === packages.length;
}
