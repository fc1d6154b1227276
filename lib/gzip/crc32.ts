/**
 * Joins CRC-32 values of neighbouring pieces, so that pieces can be checked in any order and on any thread. The CRC is
 * linear over GF(2): appending n zero bytes multiplies it by x^(8n) modulo the polynomial (RFC 1952, section 8).
 */
const POLYNOMIAL = 0xedb88320;

/** CRC-32 of A followed by B, given both CRCs and B's size in bytes. */
export function crc32Combine(crcA: number, crcB: number, sizeB: number): number {
  return (multiply(xPower(sizeB), crcA) ^ crcB) >>> 0;
}

/** Product modulo the polynomial; bit 31 is the coefficient of x^0, as in the reflected CRC. */
function multiply(a: number, b: number): number {
  let product = 0;
  let factor = b;
  for (let bit = 0x80000000; bit !== 0; bit >>>= 1) {
    if ((a & bit) !== 0) product ^= factor;
    factor = (factor & 1) === 1 ? (factor >>> 1) ^ POLYNOMIAL : factor >>> 1;
  }
  return product >>> 0;
}

/** x^(8 * bytes) modulo the polynomial, by repeated squaring. */
function xPower(bytes: number): number {
  let result = 0x80000000;
  let base = 0x00800000;
  let n = bytes;
  while (n > 0) {
    if (n % 2 === 1) result = multiply(base, result);
    base = multiply(base, base);
    n = Math.floor(n / 2);
  }
  return result;
}
