/** Where one is: the hash (`#/village/110109105210`), so that the back button and deep links work without a server. */
import { useEffect, useState } from "preact/hooks";

/** Hashes walked through, the present one last: tells whether "back" is one step back or a jump up. */
const walked: string[] = [location.hash];
const ears = new Set<() => void>();
let at = location.hash;

addEventListener("hashchange", moved);

/** A tap on a link of ours is followed at once; the browser would tell of it one frame later. */
document.addEventListener("click", (event) => {
  const link = event.target instanceof Element ? event.target.closest<HTMLAnchorElement>('a[href^="#/"]') : null;
  if (!link || event.defaultPrevented || event.button || event.ctrlKey || event.metaKey || event.shiftKey || event.altKey) return;
  event.preventDefault();
  location.hash = link.hash;
  moved();
});

function moved(): void {
  if (at === location.hash) return;
  at = location.hash;
  const backwards = walked[walked.length - 2] === location.hash;
  if (backwards) walked.pop();
  else if (walked[walked.length - 1] !== location.hash) walked.push(location.hash);
  for (const hear of [...ears]) hear();
  scrollWhenReady(backwards ? scrolled.get(location.hash) ?? 0 : 0, performance.now() + 1_000);
}

/** How far down each screen was when it was left. The browser's own memory gives up before a list has been read. */
const scrolled = new Map<string, number>();
let settling = false;
history.scrollRestoration = "manual";
addEventListener("scroll", () => { if (!settling) scrolled.set(location.hash, scrollY); }, { passive: true });

function scrollWhenReady(to: number, until: number): void {
  settling = true;
  scrollTo(0, to);
  if (Math.abs(scrollY - to) < 2 || performance.now() > until) settling = false;
  else requestAnimationFrame(() => scrollWhenReady(to, until));
}

export const href = (path: string): string => `#${path}`;

/** Go to `/…`. From an open dialog the dialog's own step in the history is replaced, so that back does not reopen it. */
export function go(path: string): void {
  if (isDialogStep(history.state)) replace(path);
  else location.hash = path;
}

/** Go there without leaving a step to come back to. */
export function replace(path: string): void {
  walked.pop();
  location.replace(href(path));
}

/** Where one came from, for a thing that is reached from several lists; `otherwise` when opened from outside. */
export function back(otherwise: string): void {
  if (walked.length > 1) history.back();
  else replace(otherwise);
}

/** One level up: back in history where we came from there, else straight to it. */
export function up(path: string): void {
  if (walked[walked.length - 2] === href(path)) history.back();
  else replace(path);
}

export interface DialogStep { dialog: number }
export const isDialogStep = (state: unknown): state is DialogStep => typeof (state as DialogStep | null)?.dialog === "number";

/** The path's parts: `#/village/110…` → ["village", "110…"]; `[]` at home. */
export function partsOf(hash: string): string[] {
  return hash.replace(/^#\/?/, "").split("/").filter(Boolean).map(safely);
}

const safely = (part: string): string => {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
};

export function useRoute(): string[] {
  const [hash, set] = useState(location.hash);
  useEffect(() => {
    const hear = () => set(location.hash);
    ears.add(hear);
    hear();
    return () => void ears.delete(hear);
  }, []);
  return partsOf(hash);
}
