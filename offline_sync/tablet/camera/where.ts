/** Where the tablet is, as far as it knows: refused, no fix or no answer are all "无定位". */
import type { Position } from "../model";

const RECENT = 15_000; // ms; nobody walks far in that time
const DIGITS = 1e6; // a tenth of a metre

/** Never raises. The browser's own time runs only once the person has allowed it; ours runs from now. */
export function whereNow(timeout_ms: number, finder: Geolocation | undefined = globalThis.navigator?.geolocation): Promise<Position | null> {
  if (!finder) return Promise.resolve(null);
  return new Promise((found) => {
    const late = setTimeout(() => found(null), timeout_ms);
    const tell = (position: Position | null): void => {
      clearTimeout(late);
      found(position);
    };
    try {
      finder.getCurrentPosition(
        ({ coords }) => tell({ lat: rounded(coords.latitude), lng: rounded(coords.longitude), accuracy: accuracy(coords.accuracy) }),
        () => tell(null),
        { enableHighAccuracy: true, timeout: timeout_ms, maximumAge: RECENT },
      );
    } catch {
      tell(null);
    }
  });
}

const rounded = (degrees: number): number => Math.round(degrees * DIGITS) / DIGITS;
const accuracy = (metres: number): number | null => (Number.isFinite(metres) ? Math.round(metres * 10) / 10 : null);
