import { defineCommand } from '../../frame/define.ts';
import { counted, nameAtVersion } from '../../frame/words.ts';
import { attach, readStatements } from '../../publishing/attest.ts';

export const command = defineCommand({
  arguments: '<release> <file...>',
  about: `FILE is a DSSE envelope with an in-toto statement, as SLSA builders and cosign write them: provenance, test results, scans. One of
its subjects must have the SHA-256 of the release or of one of its packages (\`release show\` says them). What is attached
stays; an environment's policy says whose word counts.`,
  example: 'xylem release attest shop@2.4.0 provenance.intoto.json',
  async run({ args, api }) {
    const [word = '', ...files] = args;
    const { name: product, version } = nameAtVersion(word, 'release');
    const statements = await readStatements(files);
    const server = await api();
    const { release, packages } = await server.call('releaseShow', { params: { product, version } });
    const candidates = [
      { name: word, digest: release },
      ...packages.map((one) => ({ name: `${one.component}@${one.version}`, digest: one.package })),
    ];
    const made = await attach(server, product, statements, candidates);
    const already = made.added === 0 ? '; all of it was there already' : '';
    return {
      data: { product, version, release, ...made },
      text: `${word} has ${counted(made.attached, 'statement')} from here${already}.`,
    };
  },
});
