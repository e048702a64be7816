/** What must not be reloaded away: open drafts, photos on their way to the store, acts being written.
 *
 * A Web Lock tells the other tabs: shared by all who have something in hand, exclusive for a build that wants in.
 */
import type { OpenDraft, Tablet } from "./tablet";

const LOCK = "xuncun-in-hand";
let held = 0;
let asking = 0; // whether this tab may be letting a newer build in
let waiting: (() => void)[] = [];

/** Whether this tab has something in hand. */
export const handsFull = (): boolean => held > 0;

/** Resolves when this tab has nothing in hand, or has not put it down in time. */
export async function handsEmptied(within_ms: number): Promise<void> {
  if (held) await Promise.race([new Promise<void>((empty) => waiting.push(empty)), new Promise((late) => setTimeout(late, within_ms))]);
}

/** Run `work` when no tab has anything in hand, and let nobody take anything up meanwhile; else do nothing. */
export async function whileHandsAreEmpty(work: () => Promise<unknown>): Promise<void> {
  asking++;
  try {
    await navigator.locks?.request(LOCK, { ifAvailable: true }, async (lock) => {
      if (lock) await work();
    });
  } finally {
    asking--;
  }
}

/** The same tablet, taking the lock where it should. */
export function inHand(tablet: Tablet): Tablet {
  const { drafts, pictures, outbox } = tablet;
  return {
    ...tablet,
    drafts: {
      list: () => drafts.list(),
      prepare: (id) => drafts.prepare(id),
      discard: (id) => drafts.discard(id),
      begin: (wanted) => during(() => drafts.begin(wanted)),
      amend: (id) => during(() => drafts.amend(id)),
      finish: (id, args, photos, title) => during(() => drafts.finish(id, args, photos, title)),
      async open(id) {
        const letGo = await hold();
        try {
          return untilClosed(await drafts.open(id), letGo);
        } catch (error) {
          letGo();
          throw error;
        }
      },
    },
    pictures: {
      url: (sha256, preview) => pictures.url(sha256, preview),
      remove: (id) => pictures.remove(id),
      of: (about, id) => pictures.of(about, id),
      loose: () => pictures.loose(),
      settled: () => pictures.settled(),
      get making() { return pictures.making; },
      take: (file, wanted) => during(() => pictures.take(file, wanted)),
    },
    outbox: { list: () => outbox.list(), add: (wanted) => during(() => outbox.add(wanted)) },
  };
}

const opened = new WeakMap<OpenDraft, (() => void)[]>();

/** Two screens may share one open draft; each closing lets one hand go. */
function untilClosed(draft: OpenDraft, letGo: () => void): OpenDraft {
  const hands = opened.get(draft) ?? [];
  hands.push(letGo);
  if (opened.has(draft)) return draft;
  opened.set(draft, hands);
  const close = draft.close.bind(draft);
  draft.close = () => close().finally(() => hands.pop()?.());
  return draft;
}

async function during<T>(work: () => Promise<T>): Promise<T> {
  const letGo = await hold();
  return work().finally(letGo);
}

/** Take something up; resolves with what puts it down (once, however often it is called). Nobody waits for the lock but
 * while this tab itself lets a newer build in: from now on it does not, and to the other tabs the lock tells. */
async function hold(): Promise<() => void> {
  const locking = locked();
  if (asking) await locking;
  held++;
  let holding = true;
  return () => {
    if (!holding) return;
    holding = false;
    void locking.then((unlock) => unlock());
    if (--held) return;
    waiting.forEach((empty) => empty());
    waiting = [];
  };
}

function locked(): Promise<() => void> {
  if (!navigator.locks) return Promise.resolve(() => undefined);
  return new Promise((got) => {
    void navigator.locks.request(LOCK, { mode: "shared" }, () => new Promise<void>((unlock) => got(unlock)));
  });
}
