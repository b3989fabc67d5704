/**
 * A test for paths by shell patterns: `*` and `?` stay inside a segment, `**` crosses them. A pattern without `/`
 * fits a name at any depth; what lies below a folder that fits is left out with it.
 */
export function pathTest(patterns: readonly string[]): (path: string) => boolean {
  const tests = patterns.map((pattern) => {
    const plain = pattern.replace(/^\.?\//, '').replace(/\/$/, '');
    const anywhere = pattern.includes('/') ? '' : '(?:.*/)?';
    return new RegExp(`^${anywhere}${expression(plain)}(?:/.*)?$`, 'su');
  });
  return (path) => tests.some((test) => test.test(path));
}

function expression(pattern: string): string {
  return pattern.replace(/\*\*\/?|[*?]|[.+^${}()|[\]\\]/g, (part) => {
    if (part === '**/') return '(?:.*/)?';
    if (part === '**') return '.*';
    if (part === '*') return '[^/]*';
    return part === '?' ? '[^/]' : `\\${part}`;
  });
}
