import assert from "node:assert/strict";
import { test } from "node:test";
import { clean } from "../../offline_sync/tablet/keep/clean";
import type { EntryKept, PhotoKept } from "../../offline_sync/tablet/keep/shapes";
import type { Verdict } from "../../offline_sync/tablet/model";
import { freshHouse, photo } from "./keep-house";

const OLD = "2026-11-01T00:00:00Z";
const HORIZON = "2026-11-08T00:00:01Z"; // seven days and a second later

const verdict = (more: Partial<Verdict> = {}): Verdict =>
  ({ status: "applied", rev: 7, reason: "", message: "", data: {}, at: OLD, ...more });
const entry = (id: string, more: Partial<EntryKept> = {}): EntryKept => ({
  id, seq: 1, nth: 1, replica: "r", verb: "task.note", v: 1, at: OLD, mono: 1, boot: "b", args: {}, replaces: null,
  about: { kind: "task", id: "t", village: null, title: "" }, photos: [], verdict: verdict(), tries: 0, problem: null, ...more,
});

/** What is left of these entries and photos, and which bytes. */
async function left(entries: EntryKept[], photos: PhotoKept[], horizon: string | null = HORIZON, dismissed?: boolean) {
  const { core, cache } = await freshHouse();
  await core.write(["outbox", "photos", "bytes", "previews"], async (t) => {
    entries.forEach((one) => t.put("outbox", one));
    for (const one of photos) {
      t.put("photos", one);
      t.put("bytes", { sha256: one.sha256, bytes: new ArrayBuffer(2) });
      t.put("previews", { sha256: one.sha256, bytes: new ArrayBuffer(1) });
    }
  });
  if (dismissed !== undefined) {
    await cache.write(["rows"], async (t) => t.put("rows", {
      kind: "card", id: "c", rev: 9, scopes: ["u:a"], gens: [1], row: { id: "c", command: "e", dismissed },
    }));
  }
  await clean(core, cache, horizon);
  return core.read(["outbox", "photos", "bytes", "previews"], async (t) => ({
    entries: await t.keys("outbox"), photos: await t.keys("photos"), bytes: (await t.keys("bytes")).length,
    previews: (await t.keys("previews")).length,
  }));
}

test("an act leaves only receipted, covered, and seven days old", async () => {
  assert.deepEqual((await left([entry("e")], [])).entries, []);
  assert.deepEqual((await left([entry("e", { verdict: null, waits: 1 })], [])).entries, ["e"]);
  assert.deepEqual((await left([entry("e")], [], null)).entries, ["e"]); // no backup was ever told of
  assert.deepEqual((await left([entry("e")], [], "2026-11-07T23:59:59Z")).entries, ["e"]); // covered, not yet old
  assert.deepEqual((await left([entry("e")], [], "2026-10-31T00:00:00Z")).entries, ["e"]); // old, not covered
  assert.deepEqual((await left([entry("e", { verdict: verdict({ at: "" }) })], [])).entries, ["e"]); // receipted when?
});

test("an act whose card is open stays, and so does one whose card is not to be seen", async () => {
  for (const status of ["conflict", "rejected", "held"] as const) {
    const one = entry("e", { verdict: verdict({ status }) });
    assert.deepEqual((await left([one], [], HORIZON, false)).entries, ["e"]);
    assert.deepEqual((await left([one], [])).entries, ["e"]);
    assert.deepEqual((await left([one], [], HORIZON, true)).entries, []);
  }
});

test("photo bytes leave only stored, covered, seven days old, and named by nothing unsent", async () => {
  const sent = photo("p-01", "i", { named: "e", stored_at: OLD });
  assert.deepEqual(await left([entry("e", { photos: ["p-01"] })], [sent]), { entries: [], photos: [], bytes: 0, previews: 0 });
  const cases: [EntryKept[], PhotoKept, string | null][] = [
    [[entry("e", { photos: ["p-01"] })], { ...sent, stored_at: null }, HORIZON],
    [[entry("e", { photos: ["p-01"] })], { ...sent, stored_at: "2026-11-02T00:00:00Z" }, HORIZON],
    [[entry("e", { photos: ["p-01"] })], sent, null],
    [[entry("f", { photos: ["p-01"], verdict: null, waits: 1 })], sent, HORIZON],
    [[], { ...sent, named: null }, HORIZON], // a draft's
  ];
  for (const [entries, one, horizon] of cases) {
    const kept = await left(entries, [one], horizon);
    assert.deepEqual([kept.photos, kept.bytes, kept.entries], [["p-01"], 1, entries.map(({ id }) => id)]);
  }
});

test("a picture that another photo still shows keeps its bytes", async () => {
  const sent = photo("p-01", "i", { named: "e", stored_at: OLD });
  const draft = photo("p-02", "i", { sha256: sent.sha256 });
  assert.deepEqual(await left([entry("e", { photos: ["p-01"] })], [sent, draft]), { entries: [], photos: ["p-02"], bytes: 1, previews: 1 });
});
