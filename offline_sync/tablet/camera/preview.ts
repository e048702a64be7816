/** The small picture that goes ahead of the original: JPEG of at most 24 kB, long side at most 320 pixels. */
import { type Surface, surface, unreadable } from "./surface";
import { fitted, scaled } from "./ways";

const LONG_SIDE = 320;
const MOST = 24_000; // bytes; the server's limit is 24 × 1,024
const QUALITIES = [0.7, 0.55, 0.4, 0.25, 0.1];

export async function previewOf(whole: Surface): Promise<ArrayBuffer> {
  for (const long of [LONG_SIDE, LONG_SIDE / 2, LONG_SIDE / 4]) {
    const { width, height } = fitted(whole.width, whole.height, long);
    const copy = await scaled(whole.picture as ImageBitmapSource, { width, height }).catch(() => null);
    const small = surface(width, height);
    try {
      small.pen.drawImage(copy?.source ?? whole.picture, 0, 0, width, height);
      copy?.close();
      for (const quality of QUALITIES) {
        const bytes = await small.jpeg(quality);
        if (bytes.byteLength <= MOST) return bytes;
      }
    } finally {
      small.free();
    }
  }
  throw unreadable();
}
