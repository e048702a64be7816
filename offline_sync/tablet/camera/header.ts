/** What the first bytes of a picture tell: which format it is, how large, and whether it lies on its side. Pure. */

export type Format = "jpeg" | "png" | "heic" | "other";

export interface Size {
  width: number; // pixels as stored
  height: number;
  jpeg: boolean;
  orientation: number; // EXIF, 1 to 8; from 5 on to be shown with width and height exchanged
}

/** As many bytes as have to be looked at; the facts of a JPEG may follow long private parts. */
export const HEAD_BYTES = 512 * 1024;
const HEIC = new Set(["heic", "heix", "heim", "heis", "hevc", "hevx", "mif1", "msf1"]);

export function formatOf(head: Uint8Array): Format {
  if (head[0] === 0xff && head[1] === 0xd8 && head[2] === 0xff) return "jpeg";
  if (text(head, 1, 4) === "PNG") return "png";
  return text(head, 4, 8) === "ftyp" && HEIC.has(text(head, 8, 12)) ? "heic" : "other";
}

/** Null where these bytes do not say. */
export function sizeOf(head: Uint8Array): Size | null {
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
  try {
    if (formatOf(head) === "png") return { width: view.getUint32(16), height: view.getUint32(20), jpeg: false, orientation: 1 };
    return formatOf(head) === "jpeg" ? jpegSize(view) : null;
  } catch (error) {
    if (error instanceof RangeError) return null; // it ends before it says
    throw error;
  }
}

function jpegSize(view: DataView): Size | null {
  let orientation = 1;
  for (let at = 2; at + 4 <= view.byteLength;) {
    const marker = view.getUint16(at);
    if (marker === 0xffff) {
      at += 1; // filling
      continue;
    }
    if (marker < 0xff01 || marker === 0xffda) return null;
    if (isFrame(marker)) return { height: view.getUint16(at + 5), width: view.getUint16(at + 7), jpeg: true, orientation };
    if (marker === 0xffe1 && orientation === 1) orientation = exifOrientation(view, at + 4);
    at += 2 + view.getUint16(at + 2);
  }
  return null;
}

/** Start of frame, of whichever coding; C4, C8 and CC are tables. */
const isFrame = (marker: number): boolean =>
  marker >= 0xffc0 && marker <= 0xffcf && ![0xffc4, 0xffc8, 0xffcc].includes(marker);

/** The EXIF orientation 1 to 8 in an APP1 part; 1 where there is none. */
function exifOrientation(view: DataView, at: number): number {
  if (view.getUint32(at) !== 0x45786966) return 1; // "Exif"
  const tiff = at + 6;
  const little = view.getUint16(tiff) === 0x4949;
  const first = tiff + view.getUint32(tiff + 4, little);
  const count = view.getUint16(first, little);
  for (let entry = first + 2; entry < first + 2 + count * 12; entry += 12) {
    if (view.getUint16(entry, little) === 0x0112) return view.getUint16(entry + 8, little);
  }
  return 1;
}

const text = (head: Uint8Array, from: number, to: number): string => String.fromCharCode(...head.subarray(from, to));
