/** A picture as it came, for what could not be made smaller: it is kept and sent so, without the strip. */
import { formatOf, HEAD_BYTES, sizeOf } from "./header";
import { upright } from "./ways";

// What the server takes (inspections/pictures.py, sync.md §6).
const MOST_BYTES = 15 * 1024 * 1024;
const MOST_PIXELS = 50_000_000;
const TAIL_BYTES = 64 * 1024; // a camera may put things after the picture's end

export interface Whole { mime: string; width: number; height: number }

/** Its facts, upright; null where the server would not have it: too large, cut short, of another format. */
export async function asItCame(file: Blob): Promise<Whole | null> {
  if (file.size > MOST_BYTES) return null;
  const head = new Uint8Array(await file.slice(0, HEAD_BYTES).arrayBuffer());
  const size = sizeOf(head);
  if (!size || size.width < 1 || size.height < 1 || size.width * size.height > MOST_PIXELS) return null;
  const tail = new Uint8Array(await file.slice(-TAIL_BYTES).arrayBuffer());
  if (!ends(tail, size.jpeg)) return null;
  const [width, height] = upright(size);
  return { mime: `image/${formatOf(head)}`, width, height };
}

/** FF D9 of a JPEG, IEND of a PNG. */
function ends(tail: Uint8Array, jpeg: boolean): boolean {
  const end = jpeg ? [0xff, 0xd9] : [0x49, 0x45, 0x4e, 0x44];
  return tail.some((_, at) => end.every((byte, place) => tail[at + place] === byte));
}
