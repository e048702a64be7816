/** From a camera's file to what is kept: shrunk, upright, stamped, hashed, with its preview. */
import type { PhotoRole, Position } from "../model";
import { sha256 } from "./hash";
import { previewOf } from "./preview";
import { shrink } from "./shrink";
import { stamp } from "./stamp";

const QUALITY = 0.8;
const BEIJING = 8 * 3_600_000;
const FRESH = 30 * 60_000; // ms; an older picture was not taken where the tablet is now

export interface Developed {
  bytes: ArrayBuffer;
  preview: ArrayBuffer;
  sha256: string;
  mime: string;
  width: number;
  height: number;
  taken_at: string;
  position: Position | null;
}

export interface About {
  role: PhotoRole;
  position: Position | null;
  place: string;
  who: string;
}

/** Raises photo_heic, photo_unreadable, insecure_page. A signature carries no strip. */
export async function develop(file: Blob, { role, position, place, who }: About): Promise<Developed> {
  const taken = takenAt(file, Date.now());
  const facts = {
    taken_at: `${new Date(taken + BEIJING).toISOString().slice(0, 19)}+08:00`,
    position: Date.now() - taken > FRESH ? null : position,
  };
  const drawn = await shrink(file);
  try {
    if (role !== "signature") stamp(drawn, { ...facts, place, who });
    const bytes = await drawn.jpeg(QUALITY);
    const { width, height } = drawn;
    return { bytes, preview: await previewOf(drawn), sha256: await sha256(bytes), mime: "image/jpeg", width, height, ...facts };
  } finally {
    drawn.free();
  }
}

/** When the picture was made, by its file where that says something believable; milliseconds. */
export function takenAt(file: Blob, now: number): number {
  const said = (file as Partial<File>).lastModified;
  return said && said > Date.UTC(2020, 0) && said < now ? said : now;
}
