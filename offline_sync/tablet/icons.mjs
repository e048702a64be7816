// The icons as PNG, drawn from the same strokes as templates/static/icon.svg: a phone's home screen takes no SVG.
// No picture library: each pixel asks how far it is from the ridge line, and zlib packs what comes out.
import { deflateSync } from "node:zlib";

const SIDE = 64; // the drawing's own units
const CORNER = 14;
const RIDGE = [[10, 46], [25, 22], [34, 35], [40, 27], [54, 46], [10, 46]];
const STROKE = 5;
const INK = [255, 255, 255];

/** All icons by name. `background` is [r, g, b]. A maskable one fills its square and keeps the mark in the middle. */
export function icons(background) {
  return {
    "icon-180.png": png(180, background, { bleed: true, scale: 0.86 }),
    "icon-192.png": png(192, background, {}),
    "icon-512.png": png(512, background, {}),
    "icon-maskable-512.png": png(512, background, { bleed: true, scale: 0.72 }),
  };
}

function png(size, background, { bleed = false, scale = 1 }) {
  const rows = Buffer.alloc(size * (1 + size * 4));
  const unit = SIDE / size;
  for (let y = 0; y < size; y++) {
    for (let x = 0; x < size; x++) {
      const at = [(x + 0.5) * unit, (y + 0.5) * unit];
      const ridge = covered((toRidge(at.map((v) => (v - SIDE / 2) / scale + SIDE / 2)) - STROKE / 2) * scale, unit);
      const inside = bleed ? 1 : covered(toSquare(at), unit);
      const pixel = background.map((channel, i) => Math.round(channel + (INK[i] - channel) * ridge));
      rows.set([...pixel, Math.round(inside * 255)], y * (1 + size * 4) + 1 + x * 4);
    }
  }
  return Buffer.concat([SIGNATURE, chunk("IHDR", header(size)), chunk("IDAT", deflateSync(rows, { level: 9 })), chunk("IEND")]);
}

/** How much of a pixel lies inside an edge that is `distance` away (negative: inside). */
const covered = (distance, unit) => Math.min(1, Math.max(0, 0.5 - distance / unit));

function toRidge(point) {
  return Math.min(...RIDGE.slice(1).map((end, i) => toLine(point, RIDGE[i], end)));
}

function toLine([x, y], [ax, ay], [bx, by]) {
  const along = ((x - ax) * (bx - ax) + (y - ay) * (by - ay)) / ((bx - ax) ** 2 + (by - ay) ** 2);
  const t = Math.min(1, Math.max(0, along));
  return Math.hypot(x - ax - t * (bx - ax), y - ay - t * (by - ay));
}

function toSquare(point) {
  const [dx, dy] = point.map((v) => Math.abs(v - SIDE / 2) - (SIDE / 2 - CORNER));
  return Math.hypot(Math.max(dx, 0), Math.max(dy, 0)) + Math.min(Math.max(dx, dy), 0) - CORNER;
}

const SIGNATURE = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);

function header(size) {
  const bytes = Buffer.alloc(13);
  bytes.writeUInt32BE(size, 0);
  bytes.writeUInt32BE(size, 4);
  bytes.set([8, 6, 0, 0, 0], 8); // 8 bits a channel, with alpha
  return bytes;
}

function chunk(kind, data = Buffer.alloc(0)) {
  const named = Buffer.concat([Buffer.from(kind, "latin1"), data]);
  const whole = Buffer.alloc(named.length + 8);
  whole.writeUInt32BE(data.length, 0);
  named.copy(whole, 4);
  whole.writeUInt32BE(crc32(named), named.length + 4);
  return whole;
}

/** PNG's check sum; node's own came only with 20.15. */
function crc32(bytes) {
  let crc = 0xffffffff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  }
  return (crc ^ 0xffffffff) >>> 0;
}
