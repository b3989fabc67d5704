import { checkState } from '@xylem/agent';
import { defineCommand } from '../../frame/define.ts';
import { version } from '../../version.ts';
import { joinedFolder, stateOption } from './state.ts';

export const command = defineCommand({
  about: `Changes nothing. A running agent asks another version of itself so before it makes room for it; exit code 0 means
that this program starts here and knows every format of the folder.`,
  options: stateOption,
  example: 'xylem agent check --state /var/lib/xylem/host',
  async run({ options }) {
    const stateFolder = joinedFolder(options.state);
    await checkState(stateFolder);
    return { data: { state: stateFolder, version }, text: `Version ${version} reads ${stateFolder}.` };
  },
});
