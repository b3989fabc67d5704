export async function runDemo(_i: unknown): Promise<undefined> {
  return undefined;
}
