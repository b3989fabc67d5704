import { type ErrorCode, errorCodes, XylemError } from '@xylem/core';

/** What a person is told about a fault: code, sentence, advice; the stack only when debugging. */
export function renderError(
  error: unknown,
  { json, debug }: { readonly json: boolean; readonly debug: boolean },
): { readonly text: string; readonly exitCode: number } {
  const coded = error instanceof XylemError ? error : foreign(error);
  const entry = errorCodes[coded.code];
  const { exitCode } = entry;
  const stack = debug ? stackOf(coded) : undefined;
  if (json) {
    const { code, message, details } = coded;
    return {
      text: JSON.stringify({ error: { code, message, advice: entry.advice, details, stack } }),
      exitCode,
    };
  }
  const lines = [
    `xylem: error ${coded.code}: ${coded.message}`,
    ...otherProblems(coded),
    `  ${entry.advice}`,
  ];
  if (stack !== undefined) lines.push(stack);
  return { text: lines.join('\n'), exitCode };
}

/** Of a file with many faults the message names the first. */
function otherProblems({ details }: XylemError): string[] {
  const { problems } = details;
  if (!Array.isArray(problems)) return [];
  return problems.slice(1).flatMap((problem: unknown) => {
    const message =
      typeof problem === 'object' && problem !== null && 'message' in problem ? problem.message : null;
    return typeof message === 'string' ? [`  ${message}`] : [];
  });
}

/** What the operating system refuses, where no command says it better. */
const ofSystem: Readonly<Record<string, ErrorCode>> = {
  EACCES: 'E_PERMISSION',
  EDQUOT: 'E_DISK_FULL',
  EIO: 'E_STORAGE',
  EISDIR: 'E_INPUT',
  ENOENT: 'E_INPUT',
  ENOSPC: 'E_DISK_FULL',
  ENOTDIR: 'E_INPUT',
  EPERM: 'E_PERMISSION',
  EROFS: 'E_PERMISSION',
};

function foreign(error: unknown): XylemError {
  const message = error instanceof Error ? error.message : String(error);
  const { code = '', syscall } = (error instanceof Error ? error : {}) as NodeJS.ErrnoException;
  const known = syscall === undefined ? undefined : ofSystem[code];
  return new XylemError(known ?? 'E_INTERNAL', message, { cause: error });
}

function stackOf(error: Error): string {
  const cause = error.cause instanceof Error ? `\ncaused by ${stackOf(error.cause)}` : '';
  return `${error.stack ?? error.message}${cause}`;
}
