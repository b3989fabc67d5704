/** The order of Debian versions (deb-version(7)): -1, 0 or 1. Pure. */
export function compareDebVersions(a: string, b: string): number {
  const [left, right] = [split(a), split(b)];
  if (left.epoch !== right.epoch) return left.epoch < right.epoch ? -1 : 1;
  return compareParts(left.upstream, right.upstream) || compareParts(left.revision, right.revision);
}

function split(version: string): { epoch: number; upstream: string; revision: string } {
  const colon = version.indexOf(':');
  const rest = version.slice(colon + 1);
  const dash = rest.lastIndexOf('-');
  return {
    epoch: colon < 0 ? 0 : Number(version.slice(0, colon)),
    upstream: dash < 0 ? rest : rest.slice(0, dash),
    revision: dash < 0 ? '' : rest.slice(dash + 1),
  };
}

/** Runs of anything but digits and of digits, one after the other. */
function compareParts(a: string, b: string): number {
  let [left, right] = [a, b];
  while (left !== '' || right !== '') {
    const [wordA, wordB] = [/^\D*/.exec(left)?.[0] ?? '', /^\D*/.exec(right)?.[0] ?? ''];
    const byWord = compareWords(wordA, wordB);
    if (byWord !== 0) return byWord;
    [left, right] = [left.slice(wordA.length), right.slice(wordB.length)];
    const [digitsA, digitsB] = [/^\d*/.exec(left)?.[0] ?? '', /^\d*/.exec(right)?.[0] ?? ''];
    const [numberA, numberB] = [BigInt(digitsA || 0), BigInt(digitsB || 0)];
    if (numberA !== numberB) return numberA < numberB ? -1 : 1;
    [left, right] = [left.slice(digitsA.length), right.slice(digitsB.length)];
  }
  return 0;
}

function compareWords(a: string, b: string): number {
  for (let i = 0; i < Math.max(a.length, b.length); i += 1) {
    const difference = orderOf(a[i]) - orderOf(b[i]);
    if (difference !== 0) return Math.sign(difference);
  }
  return 0;
}

/** A tilde comes before the end, letters before all other characters. */
function orderOf(character: string | undefined): number {
  if (character === undefined) return 0;
  if (character === '~') return -1;
  const code = character.charCodeAt(0);
  return /[A-Za-z]/.test(character) ? code : code + 256;
}
