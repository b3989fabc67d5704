// One pass of an agent's that has two containers: node systemd-container-pass-main.ts STATE
import { mkdir } from 'node:fs/promises';
import { httpContainer } from './container-packages.ts';
import { Bench, converge } from './crash-sweep.ts';
import { containerHost } from './systemd-containers.ts';

const [stateFolder = ''] = process.argv.slice(2);
await containerHost();
await mkdir(stateFolder, { recursive: true, mode: 0o700 });
await mkdir(`${stateFolder}-bench`, { recursive: true });
const bench = new Bench(`${stateFolder}-bench`);
const version = '1.0.0';
const { rested, waiting } = await converge(
  stateFolder,
  await bench.wanted([
    httpContainer({ component: 'web', version, port: 8080 }),
    httpContainer({
      component: 'secret',
      version,
      port: 8081,
      container: {
        entrypoint: ['/bin/busybox', 'httpd'],
        command: ['-f', '-p', '127.0.0.1:8081', '-h', '/run/secrets'],
        network: 'host',
        secretFiles: { version },
      },
    }),
  ]),
  undefined,
  'systemd',
);
process.stdout.write(JSON.stringify({ rested, waiting: [...waiting] }));
