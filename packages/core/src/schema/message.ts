import type { Issue, Path } from './check.ts';
import { nearest } from './nearest.ts';

/** `assignments[3].package`; the root is `(document)`. */
export function pathText(path: Path): string {
  if (path.length === 0) return '(document)';
  return path
    .map((part, index) => {
      if (typeof part === 'number') return `[${part}]`;
      if (!/^[\w$-]+$/.test(part)) return `[${JSON.stringify(part.slice(0, 80))}]`;
      return index === 0 ? part : `.${part}`;
    })
    .join('');
}

/** An issue as a whole sentence. */
export function issueSentence(issue: Issue): string {
  const text = issueText(issue);
  return text.endsWith('?') ? text : `${text}.`;
}

/** An issue as a sentence without its full stop: what is wrong where, and what would be right. */
export function issueText(issue: Issue): string {
  const where = pathText(issue.path);
  if (issue.kind === 'missing') return `${where} is missing: expected ${issue.expected}`;
  if (issue.kind === 'unknown') {
    const meant = nearest(String(issue.path.at(-1)), issue.known ?? []);
    return `${where} is not a known key: ${meant === undefined ? `expected ${issue.expected}` : `did you mean "${meant}"?`}`;
  }
  return `${where}: expected ${issue.expected}, found ${issue.found}`;
}
