/** A zip written entry by entry, nothing packed (photos would not shrink), at any size: beyond 4 GB or 65,535 entries it
 * grows the 64-bit records of APPNOTE 4.3.14. One entry is in memory at a time.
 */
export type Bytes = Uint8Array<ArrayBuffer>;
export interface ZipEntry { name: string; bytes: Bytes }

const UTF8 = 0x0800;
const WIDE = 0xffffffff;

/** The zip's bytes, in order. `at`: the time all entries bear. `wide_from`: offsets that no longer fit 32 bits. */
export async function* zipped(entries: AsyncIterable<ZipEntry>, at: Date, wide_from = WIDE): AsyncGenerator<Bytes> {
  const written: { name: Bytes; size: number; crc: number; start: number }[] = [];
  let offset = 0;
  for await (const { name, bytes } of entries) {
    const one = { name: new TextEncoder().encode(name), size: bytes.byteLength, crc: crc32(bytes), start: offset };
    written.push(one);
    const head = record(0x04034b50, [[2, 20], [2, UTF8], [2, 0], ...when(at), [4, one.crc], [4, one.size], [4, one.size], [2, one.name.length], [2, 0]], one.name);
    yield head;
    yield bytes;
    offset += head.length + one.size;
  }
  const central = offset;
  for (const { name, size, crc, start } of written) {
    const wide = start >= wide_from;
    const more = wide ? record(null, [[2, 1], [2, 8], [8, start]]) : new Uint8Array();
    const line = record(0x02014b50, [
      [2, 0x0300 | (wide ? 45 : 20)], [2, wide ? 45 : 20], [2, UTF8], [2, 0], ...when(at), [4, crc], [4, size], [4, size], [2, name.length],
      [2, more.length], [2, 0], [2, 0], [2, 0], [4, 0o100600 * 0x10000], [4, wide ? WIDE : start],
    ], name, more);
    yield line;
    offset += line.length;
  }
  yield* end(written.length, central, offset, wide_from);
}

function* end(count: number, central: number, offset: number, wide_from: number): Generator<Bytes> {
  const size = offset - central;
  const wide = central >= wide_from || count >= 0xffff;
  if (wide) {
    yield record(0x06064b50, [[8, 44], [2, 45], [2, 45], [4, 0], [4, 0], [8, count], [8, count], [8, size], [8, central]]);
    yield record(0x07064b50, [[4, 0], [8, offset], [4, 1]]);
  }
  const short = (value: number, most: number): number => (wide ? most : value);
  yield record(0x06054b50, [[2, 0], [2, 0], [2, short(count, 0xffff)], [2, short(count, 0xffff)], [4, short(size, WIDE)], [4, short(central, WIDE)], [2, 0]]);
}

/** Little-endian fields of so many bytes, after a signature, before what is appended. */
function record(signature: number | null, fields: [2 | 4 | 8, number][], ...after: Bytes[]): Bytes {
  const all: [2 | 4 | 8, number][] = signature === null ? fields : [[4, signature], ...fields];
  const length = all.reduce((sum, [width]) => sum + width, 0);
  const out = new Uint8Array(length + after.reduce((sum, bytes) => sum + bytes.length, 0));
  const view = new DataView(out.buffer);
  let place = 0;
  for (const [width, value] of all) {
    if (width === 2) view.setUint16(place, value, true);
    else if (width === 4) view.setUint32(place, value >>> 0, true);
    else view.setBigUint64(place, BigInt(value), true);
    place += width;
  }
  for (const bytes of after) {
    out.set(bytes, place);
    place += bytes.length;
  }
  return out;
}

/** Time and date as DOS kept them, from 1980 on, to two seconds. */
function when(at: Date): [2, number][] {
  const year = Math.min(127, Math.max(0, at.getFullYear() - 1980));
  return [
    [2, (at.getHours() << 11) | (at.getMinutes() << 5) | (at.getSeconds() >> 1)],
    [2, (year << 9) | ((at.getMonth() + 1) << 5) | at.getDate()],
  ];
}

const TABLE = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit += 1) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
  return value;
});

/** CRC-32 as zip, gzip and PNG have it. */
export function crc32(bytes: Uint8Array): number {
  let sum = 0xffffffff;
  for (let place = 0; place < bytes.length; place += 1) sum = (sum >>> 8) ^ TABLE[(sum ^ bytes[place]!) & 0xff]!;
  return (sum ^ 0xffffffff) >>> 0;
}
