/** Ways to open a picture that every browser has, each for what the one before cannot do. */
import type { Size } from "./header";

export const LONG_SIDE = 1_600; // pixels

/** An upright picture of this size, to be drawn and then closed. */
export interface Opened {
  source: CanvasImageSource;
  width: number;
  height: number;
  close(): void;
}
/** Null or a rejection: try another way. */
export type Way = (signal: AbortSignal) => Promise<Opened | null>;

/** Width and height of at most LONG_SIDE, in proportion; a small picture stays as it is. */
export function fitted(width: number, height: number, most: number = LONG_SIDE): { width: number; height: number } {
  const scale = Math.min(1, most / Math.max(width, height));
  return { width: Math.max(1, Math.round(width * scale)), height: Math.max(1, Math.round(height * scale)) };
}

/** Shrunk by the browser, so that no full-size copy stays. */
export async function small(file: Blob, size: Size | null): Promise<Opened | null> {
  return size && scaled(file, fitted(...upright(size)));
}

/** A copy of exactly this size, to be drawn as it is.
 *
 * Chromium keeps a copy of whatever is drawn at another size, up to hundreds of megabytes: so nothing is.
 */
export async function scaled(from: ImageBitmapSource, { width, height }: { width: number; height: number }): Promise<Opened | null> {
  return shaped(await createImageBitmap(from, { resizeWidth: width, resizeHeight: height, resizeQuality: "high" }), width, height);
}

/** At full size. */
export async function bitmap(file: Blob, size: Size | null): Promise<Opened | null> {
  const found = await createImageBitmap(file);
  return shaped(found, ...(size ? upright(size) : [found.width, found.height] as const));
}

export const upright = ({ width, height, orientation }: Size): [number, number] =>
  orientation >= 5 ? [height, width] : [width, height];

/** Null when the browser has turned the picture at the wrong time or not at all: then it has another shape. */
function shaped(found: ImageBitmap, width: number, height: number): Opened | null {
  if (found.width === width && found.height === height) return { source: found, width, height, close: () => found.close() };
  found.close();
  return null;
}

/** As a page shows it. */
export async function image(file: Blob): Promise<Opened> {
  const url = URL.createObjectURL(file);
  const source = new Image();
  source.src = url;
  const close = (): void => {
    source.src = "";
    URL.revokeObjectURL(url);
  };
  try {
    await source.decode();
  } catch (error) {
    close();
    throw error;
  }
  return { source, width: source.naturalWidth, height: source.naturalHeight, close };
}
