/** "1 host", "3 hosts". */
export function hosts(count: number): string {
  return count === 1 ? '1 host' : `${count} hosts`;
}
