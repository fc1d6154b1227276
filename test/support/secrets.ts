/** A secret in every form in which it may get into a text: plain, base64 in each alignment, and escaped for a URL. */
export function formsOf(secret: string): string[] {
  // What stands before it, such as a user name, shifts its base64; the first and last digits depend on the neighbours.
  const packed = [0, 1, 2].flatMap((shift) =>
    (["base64", "base64url"] as const).map((encoding) =>
      Buffer.from("x".repeat(shift) + secret)
        .toString(encoding)
        .slice(shift === 0 ? 0 : 4, -4),
    ),
  );
  return [
    ...new Set([secret, encodeURIComponent(secret), String(new URLSearchParams({ s: secret })).slice(2), ...packed]),
  ];
}
