import { XylemError } from '@xylem/core';
import { boundHeapGrowth, forbidCoreDumps, jsonLog } from '@xylem/platform';
import { runRoot } from '@xylem/root';
import { readAddress } from '../../frame/address.ts';
import { defineCommand, flag, list, text } from '../../frame/define.ts';
import { untilStopped } from '../../frame/until.ts';
import { limitHelp, readLimits } from '../../selection/limits.ts';
import { rootFolder, stateOption } from './folder.ts';
import { defaultPorts } from './ports.ts';

const httpsPort = 8443;

export const command = defineCommand({
  about: `The API and the status page stay on loopback, in plain HTTP; nodes, and the API from elsewhere, use TLS with a
certificate of the installation's own CA, which the join token pins. The log goes to stderr, one JSON document a line.`,
  options: {
    ...stateOption,
    api: text('<host:port>', `the API here (default: 127.0.0.1:${defaultPorts.api})`),
    listen: text('<host:port>', `nodes, by TLS (default: 0.0.0.0:${defaultPorts.nodes})`),
    https: text('<host:port>', `the API by your own certificate (default: 0.0.0.0:${httpsPort})`),
    tlsCert: text('<file>', 'that certificate and its chain, PEM; replaced files are taken within seconds'),
    tlsKey: text('<file>', 'its key, PEM'),
    url: text('<url>', 'how nodes reach it, if not by the address that it listens on'),
    noPatches: flag('make no patches between versions (xylem patches)'),
    limit: list('<limit>', `what nodes may have from it: serve, each; ${limitHelp}`),
  },
  example: 'xylem root run --state /var/lib/xylem/root --listen 0.0.0.0:8441 --url https://root.example:8441',
  async run({ options, clock, randomness, terminal, signal, self }) {
    const { url } = options;
    const https = httpsOf(options);
    const log = jsonLog(process.stderr, clock);
    await forbidCoreDumps(log);
    boundHeapGrowth();
    const root = await runRoot({
      stateFolder: rootFolder(options.state),
      api: readAddress(options.api ?? String(defaultPorts.api), '--api'),
      nodes: {
        ...readAddress(options.listen ?? `0.0.0.0:${defaultPorts.nodes}`, '--listen'),
        ...(url === undefined ? {} : { url }),
      },
      ...(https === undefined ? {} : { https }),
      limits: await readLimits(options.limit),
      ...(options.noPatches ? {} : { patchMaker: [...self, 'patch-maker'] }),
      clock,
      randomness,
      log,
    });
    const { apiUrl, nodesUrl, httpsUrl } = root;
    const more = httpsUrl === undefined ? '' : `\nBy your certificate: ${httpsUrl}`;
    terminal.ready(
      { apiUrl, nodesUrl, ...(httpsUrl === undefined ? {} : { httpsUrl }) },
      `API and status page: ${apiUrl}\nNodes join at:       ${nodesUrl}${more}`,
    );
    await Promise.race([untilStopped(signal), root.ended]);
    await root.close();
    return undefined;
  },
});

/** @throws XylemError E_INPUT where one of them is missing */
function httpsOf(options: Partial<Record<'https' | 'tlsCert' | 'tlsKey', string | undefined>>) {
  const { https, tlsCert, tlsKey } = options;
  if (https === undefined && tlsCert === undefined && tlsKey === undefined) return undefined;
  if (tlsCert === undefined || tlsKey === undefined) {
    throw new XylemError('E_INPUT', 'Name both files: --tls-cert FILE --tls-key FILE');
  }
  const address = readAddress(https ?? `0.0.0.0:${httpsPort}`, '--https');
  return { ...address, certFile: tlsCert, keyFile: tlsKey };
}
