/** A picture of any size, upright, on a surface of at most 1,600 pixels, without ever holding more of it than needed. */
import { Trouble } from "../tablet";
import { HEAD_BYTES, type Size, formatOf, sizeOf } from "./header";
import { type Surface, surface, unreadable } from "./surface";

export const LONG_SIDE = 1_600; // pixels

/** The picture, drawn. Raises photo_heic, photo_unreadable. Orientation of the camera is honoured. */
export async function shrink(file: Blob): Promise<Surface> {
  const head = new Uint8Array(await file.slice(0, HEAD_BYTES).arrayBuffer());
  const picture = await opened(file, sizeOf(head), formatOf(head) === "heic");
  try {
    const { width, height } = fitted(picture.width, picture.height);
    const drawn = surface(width, height);
    drawn.pen.fillStyle = "white"; // under whatever is transparent
    drawn.pen.fillRect(0, 0, width, height);
    drawn.pen.imageSmoothingQuality = "high";
    drawn.pen.drawImage(picture.source, 0, 0, width, height);
    return drawn;
  } finally {
    picture.close();
  }
}

/** Width and height of at most LONG_SIDE, in proportion; a small picture stays as it is. */
export function fitted(width: number, height: number, most: number = LONG_SIDE): { width: number; height: number } {
  const scale = Math.min(1, most / Math.max(width, height));
  return { width: Math.max(1, Math.round(width * scale)), height: Math.max(1, Math.round(height * scale)) };
}

interface Opened {
  source: CanvasImageSource;
  width: number;
  height: number;
  close(): void;
}

async function opened(file: Blob, size: Size | null, heic: boolean): Promise<Opened> {
  for (const way of [() => small(file, size), () => bitmap(file), () => image(file)]) {
    const found = await way().catch(() => null);
    if (found?.width && found.height) return found;
    found?.close();
  }
  if (!heic) throw unreadable();
  throw new Trouble("photo_heic",
    "这张照片是 HEIC 格式，本机打不开。请在相机设置里把照片格式改为“JPEG”或“兼容性最佳”，再拍一张。");
}

/** Shrunk while it is decoded: of 48 megapixels no full-size copy reaches the page. */
async function small(file: Blob, size: Size | null): Promise<Opened | null> {
  if (!size) return null;
  const upright = size.turned ? { width: size.height, height: size.width } : size;
  const { width, height } = fitted(upright.width, upright.height);
  const found = await createImageBitmap(file, { resizeWidth: width, resizeHeight: height, resizeQuality: "high" });
  const bmp = closing(found);
  // Some browsers turn the picture after sizing it: then its shape is wrong, and another way is taken.
  if (found.width === width && found.height === height) return bmp;
  bmp.close();
  return null;
}

async function bitmap(file: Blob): Promise<Opened> {
  return closing(await createImageBitmap(file));
}

const closing = (found: ImageBitmap): Opened =>
  ({ source: found, width: found.width, height: found.height, close: () => found.close() });

async function image(file: Blob): Promise<Opened> {
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
