/** One fenced `sh` block of a page, with the output that the page shows after it. */
export interface Block {
  /** Line of the page where its text begins. */
  readonly line: number;
  readonly script: string;
  /** On which machine it is typed. */
  readonly machine: string;
  /** It stays: the page goes on when the output that it shows has appeared. */
  readonly background: boolean;
  /** The exit code that the page tells of. */
  readonly exit: number;
  /** A token in the output is kept under this name, on all machines. */
  readonly sets: string | null;
  /** The `text` block that follows, if one does. */
  readonly shows: string | null;
}

const attributes: Readonly<Record<string, RegExp>> = {
  machine: /^[a-z]+$/,
  background: /^$/,
  exit: /^\d+$/,
  sets: /^[A-Z_]+$/,
};

/** Reads the info string of a fence. @throws Error for a word that this runner does not know */
function attributesOf(words: readonly string[], line: number): Map<string, string> {
  return new Map(
    words.map((word) => {
      const [name = '', value = ''] = word.split('=');
      if (!attributes[name]?.test(value))
        throw new Error(`line ${line}: "${word}" is no attribute of a block`);
      return [name, value];
    }),
  );
}

/** The blocks of a page in order. A `text` block belongs to the `sh` block before it. */
export function readBlocks(markdown: string): Block[] {
  const blocks: Block[] = [];
  const lines = markdown.split('\n');
  for (let at = 0; at < lines.length; at++) {
    const fence = /^```(\S*) ?(.*)$/.exec(lines[at] ?? '');
    if (fence === null) continue;
    const begin = at + 1;
    const end = lines.indexOf('```', begin);
    if (end < 0) throw new Error(`line ${begin}: the block is never closed`);
    at = end;
    const text = `${lines.slice(begin, end).join('\n')}\n`;
    const [, language = '', info = ''] = fence;
    if (language === 'sh') {
      const given = attributesOf(info.split(' ').filter(Boolean), begin);
      blocks.push({
        line: begin + 1,
        script: text,
        machine: given.get('machine') ?? 'first',
        background: given.has('background'),
        exit: Number(given.get('exit') ?? 0),
        sets: given.get('sets') ?? null,
        shows: null,
      });
    } else if (language === 'text') {
      const block = blocks.pop();
      if (block === undefined || block.shows !== null)
        throw new Error(`line ${begin}: output of which command?`);
      blocks.push({ ...block, shows: text });
    }
  }
  return blocks;
}

const tidy = (text: string): string =>
  text
    .split('\n')
    .map((line) => line.replace(/\s+/g, ' ').trim())
    .filter((line) => line !== '')
    .join('\n');

/** Whether output is as the page shows it: `…` stands for anything, the width of white space does not matter. */
export function isAsShown(shows: string, output: string): boolean {
  const pattern = tidy(shows)
    .replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
    .replace(/(?:^|\n)…(?=\n|$)/g, '[\\s\\S]*')
    .replace(/…/g, '.*');
  return new RegExp(`^${pattern}$`).test(tidy(output));
}
