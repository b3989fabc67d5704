/** Whether `text` fits a shell pattern: `*` any characters, `?` one. Linear in practice: it only goes back to the last `*`. */
export function globMatches(pattern: string, text: string): boolean {
  const p = Array.from(pattern);
  const t = Array.from(text);
  let at = 0;
  let star = -1;
  let starTook = 0;
  let i = 0;
  while (i < t.length) {
    if (at < p.length && p[at] === '*') {
      star = at;
      starTook = i;
      at += 1;
    } else if (at < p.length && (p[at] === '?' || p[at] === t[i])) {
      at += 1;
      i += 1;
    } else if (star !== -1) {
      at = star + 1;
      starTook += 1;
      i = starTook;
    } else return false;
  }
  while (p[at] === '*') at += 1;
  return at === p.length;
}
