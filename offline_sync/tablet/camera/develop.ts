/** From a camera's file to what is kept: shrunk, upright, stamped, hashed, with its preview. */
import type { PhotoRole, Position } from "../model";
import { sha256 } from "./hash";
import { LONG, Late, SHORT, within } from "./patience";
import { previewOf } from "./preview";
import { shrink, slow } from "./shrink";
import { stamp } from "./stamp";
import { asItCame } from "./whole";

const QUALITY = 0.8;
const BEIJING = 8 * 3_600_000;
const FRESH = 30 * 60_000; // ms; an older picture was not taken where the tablet is now

interface Facts { taken_at: string; position: Position | null }

export interface Developed extends Facts {
  bytes: ArrayBuffer;
  preview: ArrayBuffer | null;
  sha256: string;
  mime: string;
  width: number;
  height: number;
  whole?: true; // as the camera gave it: neither shrunk nor stamped
}

export interface About {
  role: PhotoRole;
  position: Position | null;
  place: string;
  who: string;
}

/** Raises photo_heic, photo_unreadable, photo_slow, insecure_page. What cannot be made smaller is kept as it came, where
 * the server takes it so. */
export async function develop(file: Blob, about: About): Promise<Developed> {
  const taken = takenAt(file, Date.now());
  const facts = {
    taken_at: `${new Date(taken + BEIJING).toISOString().slice(0, 19)}+08:00`,
    position: Date.now() - taken > FRESH ? null : about.position,
  };
  const whole = await asItCame(file);
  try {
    return await printed(file, about, facts, whole ? SHORT : LONG);
  } catch (error) {
    if (!whole) throw error instanceof Late ? slow() : error;
    const bytes = await file.arrayBuffer();
    return { bytes, preview: null, sha256: await sha256(bytes), ...whole, ...facts, whole: true };
  }
}

/** Shrunk and stamped; a signature carries no strip. Without a preview the original must do. */
async function printed(file: Blob, { role, place, who }: About, facts: Facts, patience: number): Promise<Developed> {
  const drawn = await shrink(file, patience);
  try {
    if (role !== "signature") stamp(drawn, { ...facts, place, who });
    const bytes = await within(patience, () => drawn.jpeg(QUALITY));
    const preview = await within(patience, () => previewOf(drawn)).catch(() => null);
    const { width, height } = drawn;
    return { bytes, preview, sha256: await sha256(bytes), mime: "image/jpeg", width, height, ...facts };
  } finally {
    drawn.free();
  }
}

/** When the picture was made, by its file where that says something believable; milliseconds. */
export function takenAt(file: Blob, now: number): number {
  const said = (file as Partial<File>).lastModified;
  return said && said > Date.UTC(2020, 0) && said < now ? said : now;
}
