/** A picture of any size, upright, on a surface of at most 1,600 pixels, without ever holding more of it than needed. */
import { Trouble } from "../tablet";
import { decoded } from "./decoder";
import { HEAD_BYTES, formatOf, sizeOf } from "./header";
import { type Surface, surface, unreadable } from "./surface";
import { type Opened, type Way, bitmap, fitted, image, small } from "./ways";

/** The picture, drawn. Raises photo_heic, photo_unreadable. Orientation of the camera is honoured. */
export async function shrink(file: Blob): Promise<Surface> {
  const picture = await opened(file);
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
async function opened(file: Blob): Promise<Opened> {
  const head = new Uint8Array(await file.slice(0, HEAD_BYTES).arrayBuffer());
  const size = sizeOf(head);
  const ways: Way[] = [() => decoded(file, size), () => small(file, size), () => bitmap(file, size), () => image(file)];
  for (const way of ways) {
    const found = await way().catch(() => null);
    if (found?.width && found.height) return found;
    found?.close();
  }
  if (formatOf(head) !== "heic") throw unreadable();
  throw new Trouble("photo_heic",
    "这张照片是 HEIC 格式，本机打不开。请在相机设置里把照片格式改为“JPEG”或“兼容性最佳”，再拍一张。");
}
