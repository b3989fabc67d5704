import { connect } from 'node:net';
import { join } from 'node:path';
import { writeFileAtomic } from '@xylem/platform';
import { countingProxy, freePort, startProcess, waitUntil } from '@xylem/testkit';
import { copyTree } from './files.ts';
import { type Method, noCosts } from './method.ts';
import { timed, updatedBy } from './timed.ts';

const program = '/usr/bin/rsync';

const listens = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    socket.once('connect', () => socket.destroy());
  });

/** A daemon that has the new tree; the host's copy of the old one is changed in place. Nothing is made before. */
export const rsync: Method = {
  name: 'rsync',
  debian: ['rsync', 'time'],
  measure: async ({ versions, folder, context, check }) => {
    const config = join(folder, 'rsyncd.conf');
    const who = `uid = ${process.getuid?.() ?? 0}\ngid = ${process.getgid?.() ?? 0}\n`;
    await writeFileAtomic(config, `${who}use chroot = no\n[new]\npath = ${versions.next}\n`);
    const port = await freePort();
    const words = ['--daemon', '--no-detach', `--config=${config}`, '--address=127.0.0.1', `--port=${port}`];
    await startProcess({ context, command: program, args: words });
    await waitUntil(() => listens(port), 10_000, 'rsync listens');
    const proxy = await countingProxy(context, { port });
    const tree = join(folder, 'tree');
    await copyTree(versions.old, tree);
    const from = `rsync://127.0.0.1:${proxy.port}/new/`;
    const how = ['-a', '--delete', '-z', '--compress-choice=zstd'];
    const updated = await timed(folder, program, ...how, from, `${tree}/`);
    await check(tree);
    return { ...noCosts, ...updatedBy(updated), wireBytes: proxy.bytesDown() + proxy.bytesUp() };
  },
};
