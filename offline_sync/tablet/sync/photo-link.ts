/** Which link originals take, by choice of whoever uses this tablet: any, or Wi-Fi only. Kept for the tablet, not the person.
 *
 * Only some browsers say what link they have (Android's; no iPad does). Where they do not, photos wait for a hand.
 */
import type { PhotoLink } from "../tablet";

const KEY = "xuncun-photo-link";

interface Connection extends Partial<EventTarget> {
  type?: string; // wifi, ethernet, cellular, none, unknown, …
}

/** What tells of a change of links; an empty thing where the browser has none. */
export const links = (): Connection => (globalThis.navigator as { connection?: Connection } | undefined)?.connection ?? {};

export const photoLink = {
  chosen(): PhotoLink {
    try {
      return localStorage.getItem(KEY) === "wifi" ? "wifi" : "any";
    } catch {
      return "any"; // storage refused, or none here
    }
  },
  choose(link: PhotoLink): void {
    try {
      localStorage.setItem(KEY, link);
    } catch { /* any link, then: better than photos that never leave */ }
  },
};

/** Why originals wait now: no Wi-Fi, or nobody knows; null when they go. */
export function byChoice(chosen = photoLink.chosen(), type = links().type): "wifi" | "unsure" | null {
  if (chosen === "any" || type === "wifi" || type === "ethernet") return null;
  return type === undefined || type === "unknown" || type === "other" || type === "mixed" ? "unsure" : "wifi";
}
