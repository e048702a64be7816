/** The strip burnt into a photo: when, where, by whom. What is in the picture cannot be lost from beside it. */
import type { Position } from "../model";
import type { Pen, Surface } from "./surface";

export interface Facts {
  taken_at: string; // RFC 3339, Beijing time
  place: string;
  position: Position | null;
  who: string;
}

const FONT = '"PingFang SC", "HarmonyOS Sans SC", "Noto Sans CJK SC", "Noto Sans SC", "Microsoft YaHei", sans-serif';
const SMALLEST = 12; // pixels

/** Time and place above, position and inspector below; `无定位` where there is no fix. */
export function stampLines({ taken_at, place, position, who }: Facts): [string, string] {
  const time = taken_at.slice(0, 16).replace("T", " ");
  return [[time, place].filter(Boolean).join("  "), [positionWords(position), who && `检查人：${who}`].filter(Boolean).join("  ")];
}

function positionWords(position: Position | null): string {
  if (!position) return "无定位";
  const within = position.accuracy === null ? "" : `（±${Math.round(position.accuracy)} 米）`;
  return `北纬 ${position.lat.toFixed(5)}° 东经 ${position.lng.toFixed(5)}°${within}`;
}

/** Draws the strip along the lower edge, over the picture. */
export function stamp({ pen, width, height }: Surface, facts: Facts): void {
  const lines = stampLines(facts);
  const wished = Math.max(SMALLEST, Math.round(Math.max(width, height) / 50));
  const pad = Math.round(wished / 2);
  const size = fitting(pen, lines, wished, width - 2 * pad);
  const step = Math.round(size * 1.4);
  const top = height - lines.length * step - pad;
  pen.fillStyle = "rgba(0, 0, 0, 0.6)";
  pen.fillRect(0, top - Math.round(pad / 2), width, height - top + pad);
  pen.fillStyle = "white";
  pen.textBaseline = "top";
  lines.forEach((line, place) => pen.fillText(line, pad, top + place * step, width - 2 * pad));
}

/** The letter size at which every line fits; sets it. */
function fitting(pen: Pen, lines: readonly string[], wished: number, room: number): number {
  let size = wished;
  for (; size > SMALLEST; size -= 1) {
    pen.font = `${size}px ${FONT}`;
    if (lines.every((line) => pen.measureText(line).width <= room)) break;
  }
  pen.font = `${size}px ${FONT}`;
  return size;
}
