import assert from "node:assert/strict";
import { test } from "node:test";
import { look } from "../../offline_sync/tablet/keep/look";
import { amendPerson } from "../../offline_sync/tablet/keep/people";
import type { Trouble } from "../../offline_sync/tablet/tablet";
import { A, B, WANTED, freshHouse, photo, signIn } from "./keep-house";

test("only what an ended account left can be looked at; others' drafts stay closed until they come themselves", async () => {
  const house = await freshHouse();
  const { inspection } = await house.drafts.begin(WANTED);
  const sheet = await house.drafts.open(inspection);
  sheet.answer("RE-1.1", { note: "半份" });
  await sheet.close();
  const bytes = new TextEncoder().encode("abc").buffer;
  await house.core.write(["photos", "bytes"], async (t) => {
    t.put("photos", photo("p1", inspection));
    t.put("bytes", { sha256: photo("p1", inspection).sha256, bytes });
  });
  await signIn(house.shelf, B);
  await assert.rejects(look(house.shelf, A), (error: Trouble) => error.code === "look_own");
  await amendPerson(house.shelf, A, { disabled: true, session: null });
  const [left] = await look(house.shelf, A);
  assert.deepEqual([left?.answers.map(({ note }) => note), left?.photos.map(({ id }) => id), left?.checklist], [["半份"], ["p1"], null]);
  assert.equal((await left!.bytes(left!.photos[0]!.sha256, true))?.byteLength, 3);
  await assert.rejects(look(house.shelf, B), (error: Trouble) => error.code === "look_own");
});
