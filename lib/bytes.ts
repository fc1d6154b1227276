/** Order of the UTF-8 bytes, which is the order of code points and not that of JavaScript's strings. */
export function compareBytes(a: string, b: string): number {
  if (a === b) return 0;
  const order = a < b ? -1 : 1;
  return /[\ud800-\udfff]/.test(a) || /[\ud800-\udfff]/.test(b)
    ? Buffer.compare(Buffer.from(a), Buffer.from(b))
    : order;
}
