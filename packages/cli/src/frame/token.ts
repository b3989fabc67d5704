/** A token as typed, or for `-` from standard input: other users of the machine see the command line. */
export async function tokenOf(word: string): Promise<string> {
  if (word !== '-') return word;
  const { text } = await import('node:stream/consumers');
  return (await text(process.stdin)).trim();
}
