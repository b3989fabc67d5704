/** Epoch, version and release of an rpm package, as `epoch:version-release`. */
interface Evr {
  readonly epoch: number;
  readonly version: string;
  /** Null: none was said, as in most dependencies. */
  readonly release: string | null;
}

/** The order of versions as rpm has it: -1, 0 or 1. A release counts only where both have one. Pure. */
export function compareRpmVersions(a: string, b: string): number {
  const [left, right] = [split(a), split(b)];
  if (left.epoch !== right.epoch) return left.epoch < right.epoch ? -1 : 1;
  const byVersion = compareParts(left.version, right.version);
  if (byVersion !== 0 || left.release === null || right.release === null) return byVersion;
  return compareParts(left.release, right.release);
}

/** Whether what has this version meets `operator version`. Pure. */
export function meets(has: string, operator: string, asked: string): boolean {
  const order = compareRpmVersions(has, asked);
  if (order === 0) return operator.includes('=');
  return operator.includes(order < 0 ? '<' : '>');
}

function split(text: string): Evr {
  const [, epoch = '0', rest = ''] = /^(?:([0-9]+):)?(.*)$/s.exec(text) ?? [];
  const dash = rest.lastIndexOf('-');
  return {
    epoch: Number(epoch),
    version: dash < 0 ? rest : rest.slice(0, dash),
    release: dash < 0 ? null : rest.slice(dash + 1),
  };
}

/** Runs of letters and of digits, one after the other; what is between them only parts them, but for `~` and `^`. */
function compareParts(a: string, b: string): number {
  const [left, right] = [segments(a), segments(b)];
  for (let i = 0; ; i += 1) {
    const [one, other] = [left[i], right[i]];
    if (one === other && one === undefined) return 0;
    // A tilde comes before the end, a caret after it and before all else.
    for (const mark of ['~', '^']) {
      if (one === mark && other === mark) break;
      if (one !== mark && other !== mark) continue;
      const before = mark === '~' || (one === mark ? other : one) !== undefined;
      return (one === mark) === before ? -1 : 1;
    }
    if (one === '~' || one === '^') continue;
    if (one === undefined) return -1;
    if (other === undefined) return 1;
    const order = compareSegments(one, other);
    if (order !== 0) return order;
  }
}

function segments(text: string): readonly string[] {
  return text.match(/[0-9]+|[A-Za-z]+|~|\^/g) ?? [];
}

/** Digits are more than letters. */
function compareSegments(one: string, other: string): number {
  const [isNumber, isOtherNumber] = [one, other].map((segment) => /^[0-9]/.test(segment));
  if (isNumber !== isOtherNumber) return isNumber === true ? 1 : -1;
  if (isNumber === true) {
    const [left, right] = [BigInt(one), BigInt(other)];
    return left === right ? 0 : left < right ? -1 : 1;
  }
  return one === other ? 0 : one < other ? -1 : 1;
}
