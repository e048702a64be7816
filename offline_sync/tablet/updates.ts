/** Which build runs: registers the service worker, looks for a newer one, and lets it in when nothing can be lost.
 *
 * A newer build waits until no tab has a draft open or a photo in hand, and then comes in at a start or on the way from
 * one screen to the next, never under somebody's fingers. Whoever has the app closed gets it by opening it.
 */
import { handsEmptied, handsFull, whileHandsAreEmpty } from "./in-hand";
import type { Live } from "./tablet";

const HOURLY = 3_600_000;
const AT_MOST_EVERY = 60_000; // ms between two looks
const LEAVING = 3_000; // ms that a screen may take to put down what it held, after it was left
const PATIENCE = 5_000; // ms for the newer build to take over
const AGAIN = 2_000; // ms until the first worker is tried once more, the double each time
const AGAIN_AT_MOST = 60_000;

/** Start looking. Where there is no service worker (plain http, a private window) there is nothing to keep current. */
export async function keepCurrent(live: Live, lastOk: () => string | null): Promise<void> {
  if (!("serviceWorker" in navigator)) return;
  const there = navigator.serviceWorker;
  const updates = new Updates(there.controller !== null);
  there.addEventListener("controllerchange", () => updates.taken());
  updates.over(await enlisted(there));
  const between = (): void => {
    handsEmptied(LEAVING).then(() => updates.between()).catch(() => undefined); // tried again on the next way
  };
  addEventListener("hashchange", between);
  document.addEventListener("visibilitychange", () => void (document.visibilityState === "visible" && updates.look()));
  setInterval(() => updates.look(), HOURLY);
  let seen = lastOk();
  live.on(["sync"], () => {
    if (lastOk() !== seen) updates.look(); // a sync came through: there is a network
    seen = lastOk();
  });
  updates.look();
  between();
}

/** There is a worker. The very first is tried until it has all its files, on whatever line: a browser forgets one that
 * failed, and without it the app does not open where there is no network.
 */
async function enlisted(there: ServiceWorkerContainer): Promise<ServiceWorkerRegistration> {
  for (let wait = AGAIN; ; wait = Math.min(wait * 2, AGAIN_AT_MOST)) {
    const made = await there.register("/tablet/sw.js", { scope: "/tablet/", updateViaCache: "none" }).catch(() => null);
    if (made && (await installed(made))) return made;
    await new Promise((done) => setTimeout(done, wait));
  }
}

/** False when its first worker has come to nothing. Until that one is active nothing waits to take over from it. */
async function installed(made: ServiceWorkerRegistration): Promise<boolean> {
  const first = made.installing;
  if (!first || made.active) return true;
  return new Promise((done) => first.addEventListener("statechange", () => {
    if (first.state === "activated" || first.state === "redundant") done(first.state === "activated");
  }));
}

class Updates {
  private registration: ServiceWorkerRegistration | null = null;
  private looked = -AT_MOST_EVERY;
  private admitting = false;
  private stale = false; // another build serves by now than the one on this page

  constructor(private controlled: boolean) {}

  over(registration: ServiceWorkerRegistration): void {
    this.registration = registration;
  }

  /** Ask the server for a newer build, seldom enough. */
  look(): void {
    if (performance.now() - this.looked < AT_MOST_EVERY) return;
    this.looked = performance.now();
    this.registration?.update().catch(() => undefined); // no network, no newer build
  }

  /** Another build serves from now on. The very first finds the page it came with: nothing to do. Where it comes late
   * or by another tab's doing, this tab goes on with its own until the next way. */
  taken(): void {
    this.stale = this.controlled;
    this.controlled = true;
    if (this.stale && (this.admitting || document.visibilityState === "hidden")) void this.between();
  }

  /** A moment when nobody is in the middle of something: at a start, from screen to screen. */
  async between(): Promise<void> {
    if (handsFull() || unsaved()) return;
    if (this.stale) location.reload();
    else if (this.registration?.waiting) await whileHandsAreEmpty(() => this.letIn());
  }

  /** Ends when the newer build has taken over, or has not managed in time: then it comes when it comes. */
  private async letIn(): Promise<void> {
    const taken = new Promise((done) => navigator.serviceWorker.addEventListener("controllerchange", done, { once: true }));
    this.admitting = true;
    this.registration?.waiting?.postMessage("take-over");
    await Promise.race([taken, new Promise((done) => setTimeout(done, PATIENCE))]);
    this.admitting = false;
  }
}

/** Words typed or a dialog open on the screen: they would go with a reload. */
function unsaved(): boolean {
  const typed = [...document.querySelectorAll<HTMLInputElement | HTMLTextAreaElement>("textarea, input")];
  return typed.some((field) => /^(text|search|number|tel|password|textarea)$/.test(field.type) && field.value !== "")
    || document.querySelector("dialog[open], [role=dialog], [role=alertdialog]") !== null;
}
