/** What nobody waits for yet: below the default of 3 (RFC 9218, section 4.1). */
export const backgroundPriority = 'u=6';

/** Whether a `Priority` header says that others come first. */
export function isBackground(header: string | string[] | undefined): boolean {
  return typeof header === 'string' && /(?:^|[,\s])u=[4-7](?:$|[,;\s])/.test(header);
}
