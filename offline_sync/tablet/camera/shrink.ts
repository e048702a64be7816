/** A picture of any size, upright, on a surface of at most 1,600 pixels, without ever holding more of it than needed. */
import { Trouble } from "../tablet";
import { decoded } from "./decoder";
import { HEAD_BYTES, formatOf, sizeOf } from "./header";
import { Late, within } from "./patience";
import { type Surface, surface, unreadable } from "./surface";
import { type Opened, type Way, bitmap, fitted, image, small } from "./ways";

/** The picture, drawn. `patience`: ms each way may take. Raises photo_heic, photo_unreadable, photo_slow. Orientation of
 * the camera is honoured. */
export async function shrink(file: Blob, patience: number): Promise<Surface> {
  const picture = await opened(file, patience);
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

/** The sparing ways first; what one browser cannot do, the next way may. */
async function opened(file: Blob, patience: number): Promise<Opened> {
  const head = new Uint8Array(await file.slice(0, HEAD_BYTES).arrayBuffer());
  const size = sizeOf(head);
  const ways: Way[] = [(signal) => decoded(file, size, signal), () => small(file, size), () => bitmap(file, size), () => image(file)];
  const found = await firstOf(ways, patience);
  if (found) return found;
  if (formatOf(head) !== "heic") throw unreadable();
  throw new Trouble("photo_heic",
    "这张照片是 HEIC 格式，本机打不开。请在相机设置里把照片格式改为“JPEG”或“兼容性最佳”，再拍一张。");
}

/** What the first way gives that can. Null when none can; raises photo_slow when one never came to its end. */
export async function firstOf(ways: readonly Way[], patience: number): Promise<Opened | null> {
  let late = false;
  for (const way of ways) {
    const found = await within(patience, way, (one) => one?.close()).catch((error: unknown) => {
      late ||= error instanceof Late;
      return null;
    });
    if (found?.width && found.height) return found;
    found?.close();
  }
  if (late) throw slow();
  return null;
}

export const slow = (): Trouble => new Trouble("photo_slow",
  "平板这会儿太忙，这张照片没有存成。请关掉别的应用再拍一张；相册里已有的，可以从相册重选。");
