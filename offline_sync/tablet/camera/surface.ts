/** A canvas to draw on, off the screen where the browser can. Freed at once after use: tablets have little memory. */
import { Trouble } from "../tablet";

export type Pen = CanvasRenderingContext2D | OffscreenCanvasRenderingContext2D;

export interface Surface {
  readonly width: number;
  readonly height: number;
  readonly picture: CanvasImageSource;
  readonly pen: Pen;
  jpeg(quality: number): Promise<ArrayBuffer>;
  free(): void;
}

export function surface(width: number, height: number): Surface {
  // Without an encoder (iPadOS before 16.4) the off-screen canvas is of no use.
  const off = typeof OffscreenCanvas !== "undefined" && "convertToBlob" in OffscreenCanvas.prototype;
  const canvas = off ? new OffscreenCanvas(width, height) : element(width, height);
  const pen = canvas.getContext("2d", { alpha: false }) as Pen | null;
  if (!pen) throw unreadable();
  return {
    width, height, picture: canvas, pen,
    async jpeg(quality) {
      const blob = await encoded(canvas, quality);
      if (!blob) throw unreadable();
      return blob.arrayBuffer();
    },
    free() {
      canvas.width = 0;
      canvas.height = 0;
    },
  };
}

export const unreadable = (): Trouble => new Trouble("photo_unreadable",
  "这张照片读不出来，没有收下。请重新拍一张，或换一张 JPG 照片。");

function element(width: number, height: number): HTMLCanvasElement {
  return Object.assign(document.createElement("canvas"), { width, height });
}

function encoded(canvas: HTMLCanvasElement | OffscreenCanvas, quality: number): Promise<Blob | null> {
  const type = "image/jpeg";
  if (!(canvas instanceof HTMLCanvasElement)) return canvas.convertToBlob({ type, quality });
  return new Promise((done) => canvas.toBlob(done, type, quality));
}
