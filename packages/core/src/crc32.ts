/**
 * CRC-32 of bytes (ISO 3309, as in gzip and PNG), four bytes at a time.
 *
 * @param before - The CRC-32 of the bytes before these.
 */
export function crc32(bytes: Uint8Array, before = 0): number {
  const [table0, table1, table2, table3] = tables();
  let crc = ~before;
  let index = 0;
  for (const end = bytes.length - 3; index < end; index += 4) {
    crc ^=
      bytes[index]! |
      (bytes[index + 1]! << 8) |
      (bytes[index + 2]! << 16) |
      (bytes[index + 3]! << 24);
    crc =
      table3[crc & 0xff]! ^
      table2[(crc >>> 8) & 0xff]! ^
      table1[(crc >>> 16) & 0xff]! ^
      table0[crc >>> 24]!;
  }
  for (; index < bytes.length; index++) {
    crc = table0[(crc ^ bytes[index]!) & 0xff]! ^ (crc >>> 8);
  }
  return ~crc >>> 0;
}

type Tables = [Int32Array, Int32Array, Int32Array, Int32Array];
let cachedTables: Tables | undefined;

/** `tables()[k][byte]`: what a byte that stands k bytes before the end adds to the checksum. */
function tables(): Tables {
  if (cachedTables) return cachedTables;
  const made = Array.from({ length: 4 }, () => new Int32Array(256)) as Tables;
  for (let byte = 0; byte < 256; byte++) {
    let remainder = byte;
    for (let bit = 0; bit < 8; bit++) {
      remainder = remainder & 1 ? (remainder >>> 1) ^ 0xedb88320 : remainder >>> 1;
    }
    made[0][byte] = remainder;
  }
  for (let byte = 0; byte < 256; byte++) {
    for (let before = 1; before < 4; before++) {
      const shorter = made[before - 1]![byte]!;
      made[before]![byte] = made[0][shorter & 0xff]! ^ (shorter >>> 8);
    }
  }
  cachedTables = made;
  return made;
}
