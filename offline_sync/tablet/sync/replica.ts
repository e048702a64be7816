/** Where this tablet's sequence stands with the server, and how the two come together again after a break. */
import { newId } from "../rules/ids";
import type { HelloOut } from "../wire";
import { Halt, type Hand } from "./hand";
import type { Numbered, PersonStore } from "./ports";

export interface Self {
  device: string;
  build: string;
  platform: string;
}

/** Says hello; learns the limits in force. An epoch unknown so far is taken on, another one is the caller's to mend. */
export async function hello(hand: Hand, self: Self): Promise<HelloOut> {
  const { replica, epoch } = await hand.store.standing();
  const json = { replica, device: self.device, build: self.build, platform: self.platform };
  const told = await hand.call<HelloOut>("any", "POST", "/api/sync/hello", { json });
  if (told.kind === "refused") {
    if (told.code !== "replica_owner") throw new Halt(told.status >= 500 ? "server" : "refused", told.sentence, told.retry_ms);
    await fork(hand.store, newId());
    return hello(hand, self);
  }
  const limits: Record<string, number> = {};
  for (const [name, most] of Object.entries(told.body.limits)) if (most !== undefined) limits[name] = most;
  await hand.store.mark({ limits, ...(epoch === null ? { epoch: told.body.epoch } : {}) });
  return told.body;
}

/** Another replica: what waits is numbered anew from 1; ids and bodies stay, so nothing can count twice. */
export async function fork(store: PersonStore, replica: string): Promise<void> {
  const waiting = await store.waiting();
  await store.renumber(waiting.map((entry) => entry.id), 1, replica);
}

/** The server expects an earlier command: it goes again when all of them are still here, else under another replica. */
export async function healGap(store: PersonStore, expected: number): Promise<void> {
  const { replica } = await store.standing();
  const [first] = await store.waiting();
  const kept = (await store.kept()).filter((entry) => entry.replica === replica && entry.seq >= expected);
  const wanted = (first?.seq ?? 0) - expected;
  const before = kept.filter((entry) => entry.verdict !== null && entry.seq < (first?.seq ?? 0));
  if (wanted > 0 && before.length === wanted) await store.reopen(before.map((entry) => entry.id));
  else await fork(store, newId());
}

/** The server is another one than before (restored from a backup): whatever it may have lost waits again.
 *
 * The new epoch is noted last: a tablet that dies half-way begins this anew and comes to the same end.
 */
export async function startOver(hand: Hand, self: Self): Promise<void> {
  const { store } = hand;
  const { epoch, last_seq } = await hello(hand, self);
  const { replica } = await store.standing();
  const receipted = (await store.kept()).filter((entry) => entry.verdict !== null);
  if (receipted.some((entry) => entry.replica !== replica)) await reopenAll(store, receipted);
  else await reopenLost(store, receipted, last_seq);
  const photos = await store.photos();
  // `missing` will tell which of them are there all the same.
  await store.told(photos.map((photo) => photo.sha256), { stored_at: null, preview_sent: false });
  await store.dropCache();
  await store.mark({ epoch, backup_horizon: null });
}

/** What came after the backup. A stranger (another body under a taken id) was kept beside the count: it goes last. */
async function reopenLost(store: PersonStore, receipted: Numbered[], last_seq: number): Promise<void> {
  const strange = (entry: Numbered): boolean => entry.verdict?.reason === "id_reuse";
  const strangers = receipted.filter(strange).map((entry) => entry.id);
  await store.reopen([...receipted.filter((entry) => entry.seq > last_seq).map((entry) => entry.id), ...strangers]);
  if (!strangers.length) return;
  const waiting = (await store.waiting()).map((entry) => entry.id).filter((id) => !strangers.includes(id));
  await store.renumber([...waiting, ...strangers], last_seq + 1, null);
}

/** Numbers of several replicas make no order; that of making does. What the server has it will know by its id. */
async function reopenAll(store: PersonStore, receipted: Numbered[]): Promise<void> {
  await store.reopen(receipted.map((entry) => entry.id));
  await store.renumber((await store.kept()).map((entry) => entry.id), 1, newId());
}
