/** How far this device's clock stands from the server's, over restarts without network: what is late, and whether rows may
 * still be shown, must not follow a clock that is ten years off. */

export interface Skew {
  ms: number; // server's clock minus ours
  seen: number; // the server's time when it was measured, ms
}

const KEY = "xuncun-skew";
const ROUGHLY = 10 * 60_000; // ms that clocks may run apart by themselves

/** What to begin with. The clock may have been set right since: of the times it could be now, the one that the server has
 * already passed is none, and of two that could be the nearer is. */
export function skewAtStart(ours: number, kept: Skew | null): number | null {
  if (!kept) return null;
  const could = [0, kept.ms].filter((ms) => ours + ms >= kept.seen - ROUGHLY);
  if (Math.abs(kept.ms) < ROUGHLY || !could.length) return kept.ms;
  return Math.min(...could);
}

export function keptSkew(): number | null {
  try {
    return skewAtStart(Date.now(), read(localStorage.getItem(KEY)));
  } catch {
    return null; // storage refused, or none here
  }
}

export function keepSkew(skew: Skew): void {
  try {
    localStorage.setItem(KEY, JSON.stringify(skew));
  } catch { /* it holds until the app is closed */ }
}

function read(text: string | null): Skew | null {
  const { ms, seen } = JSON.parse(text ?? "null") as Partial<Skew>;
  return typeof ms === "number" && typeof seen === "number" ? { ms, seen } : null;
}
