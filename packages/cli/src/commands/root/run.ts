import { jsonLog } from '@xylem/platform';
import { runRoot } from '@xylem/root';
import { readAddress } from '../../frame/address.ts';
import { defineCommand, text } from '../../frame/define.ts';
import { untilStopped } from '../../frame/until.ts';
import { rootFolder, stateOption } from './folder.ts';
import { defaultPorts } from './ports.ts';

export const command = defineCommand({
  about: `The API and the status page stay on loopback, in plain HTTP; nodes, and the API from elsewhere, use TLS with a
certificate of the installation's own CA, which the join token pins. The log goes to stderr, one JSON document a line.`,
  options: {
    ...stateOption,
    api: text('<host:port>', `the API here (default: 127.0.0.1:${defaultPorts.api})`),
    listen: text('<host:port>', `nodes, by TLS (default: 0.0.0.0:${defaultPorts.nodes})`),
    url: text('<url>', 'how nodes reach it, if not by the address that it listens on'),
  },
  example: 'xylem root run --state /var/lib/xylem/root --listen 0.0.0.0:8441 --url https://root.example:8441',
  async run({ options, clock, randomness, terminal, signal }) {
    const { url } = options;
    const log = jsonLog(process.stderr, clock);
    const root = await runRoot({
      stateFolder: rootFolder(options.state),
      api: readAddress(options.api ?? String(defaultPorts.api), '--api'),
      nodes: {
        ...readAddress(options.listen ?? `0.0.0.0:${defaultPorts.nodes}`, '--listen'),
        ...(url === undefined ? {} : { url }),
      },
      clock,
      randomness,
      log,
    });
    const { apiUrl, nodesUrl } = root;
    terminal.ready({ apiUrl, nodesUrl }, `API and status page: ${apiUrl}\nNodes join at:       ${nodesUrl}`);
    await untilStopped(signal);
    await root.close();
    return undefined;
  },
});
