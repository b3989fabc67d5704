/**
 * The system's own code says enough, and nothing of what answered.
 * @returns null: there is none; `inside`: the address may not be gone to
 */
export function faultCode(cause: unknown): string | null {
  for (let at: unknown = cause; at instanceof Error; at = at.cause) {
    const { code } = at as NodeJS.ErrnoException;
    if (/lies in a network inside/.test(at.message)) return 'inside';
    if (code !== undefined && /^[A-Z]+$/.test(code)) return code;
    if (code !== undefined && /^(ERR_TLS|ERR_SSL|CERT_|UNABLE_|DEPTH_|SELF_|EAI_)/.test(code)) return code;
  }
  return null;
}
