/** How far a place is, as a person would say it. Pure. */

export interface Place { lat: number; lng: number }

const EARTH = 6_371_000; // metres
const rad = (degrees: number): number => (degrees * Math.PI) / 180;

/** Metres as the crow flies between two points in WGS-84 degrees (haversine). */
export function metres(a: Place, b: Place): number {
  const lat = Math.sin(rad(b.lat - a.lat) / 2);
  const lng = Math.sin(rad(b.lng - a.lng) / 2);
  const h = lat * lat + Math.cos(rad(a.lat)) * Math.cos(rad(b.lat)) * lng * lng;
  return 2 * EARTH * Math.asin(Math.min(1, Math.sqrt(h)));
}

/** `不到 100 米`, `约 350 米`, `约 1.2 公里`, `约 24 公里`: no more exact than a straight line through mountains is. */
export function far(distance: number): string {
  if (distance < 100) return "不到 100 米";
  if (distance < 950) return `约 ${Math.round(distance / 50) * 50} 米`;
  return distance < 9950 ? `约 ${(distance / 1000).toFixed(1)} 公里` : `约 ${Math.round(distance / 1000)} 公里`;
}

/** Nearest first; what has no known point comes last, in the order it had. */
export function byDistance<T>(things: readonly T[], from: Place, where: (thing: T) => Place | null): T[] {
  const far = new Map(things.map((thing) => { const at = where(thing); return [thing, at ? metres(from, at) : Infinity] as const; }));
  return [...things].sort((a, b) => { const [x, y] = [far.get(a)!, far.get(b)!]; return x === y ? 0 : x - y; });
}
