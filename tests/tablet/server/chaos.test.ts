/** Everything at once, by chance: lines die, answers are lost, windows close, the server is killed, people change.
 *
 * In the end every act is on the server once, word for word, and every photo byte for byte. CHAOS=<seed> repeats a run.
 */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { Entry } from "../../../offline_sync/tablet/model";
import { commandOf } from "../../../offline_sync/tablet/sync/batches";
import { House, pause, pictures } from "./house";
import { type Mishap, Road } from "./road";
import { begun, sha, Tablet, VILLAGE, WORD } from "./tablet";

const house = new House();
let road: Road;
let seed = Number(process.env.CHAOS ?? Date.now() % 2147483647) || 1;
const begun_with = seed;
const chance = (): number => (seed = (seed * 16807) % 2147483647) / 2147483647;
const below = (most: number): number => Math.floor(chance() * most);

before(async () => {
  await house.start();
  road = await new Road(house).open();
});
after(async () => {
  await road.close();
  await house.end();
});

function badLuck(): Mishap | undefined {
  const luck = chance();
  if (luck < 0.5) return undefined;
  if (luck < 0.62) return { cut_at: below(40_000) };
  if (luck < 0.74) return { lose_answer: true };
  if (luck < 0.82) return { cut_answer_at: below(300) };
  if (luck < 0.9) return { status: 500 + below(5) };
  return { delay_ms: below(120) };
}

test(`all of it, seed ${begun_with}`, async () => {
  let tablet = await begun(road.url, "inspector");
  const first = await tablet.me();
  await tablet.people.signIn("inspector2", WORD); // both may go on without a line
  await tablet.calm();
  const second = await tablet.me();
  const made: { entry: Entry; who: string }[] = [];
  const shots = pictures(Array.from({ length: 8 }, (_, nth) => `${begun_with}-${nth}`), 90);
  const left = [...shots.values()];
  let village = 110109005201;
  road.mishap = badLuck;
  for (let turn = 0; turn < 24; turn += 1) {
    const who = await tablet.me();
    const what = chance();
    if (what < 0.35) {
      const taken = left.splice(0, below(3));
      made.push({ entry: (await tablet.visit(taken, String(village++))).entry, who });
    } else if (what < 0.75) {
      const position = { lat: 39 + chance(), lng: 116, accuracy: 5 };
      made.push({ entry: await tablet.act("village.locate", { village: VILLAGE, position, photo: null }), who });
    } else if (what < 0.9) {
      await tablet.close();
      tablet = await new Tablet(road.url).open();
    } else {
      await tablet.people.choose(who === first ? second : first).catch(() => undefined);
    }
    if (turn === 13) {
      await house.stop("SIGKILL");
      await house.start();
    }
    await pause(below(120));
  }
  road.mishap = () => undefined;
  tablet.engine.now();
  await tablet.drained(first);
  await tablet.drained(second);
  const commands = house.sql("SELECT id, person, payload FROM command WHERE verb IN ('inspection.submit', 'village.locate')");
  for (const { entry, who } of made) {
    const found = commands.filter(([id]) => id === entry.id);
    assert.deepEqual(found.map(([, person]) => person), [who]);
    const { seq: _seq, ...sent } = commandOf(entry);
    const { seq: _there, ...there } = JSON.parse(String(found[0]?.[2])) as Record<string, unknown>;
    assert.deepEqual(there, sent);
  }
  assert.equal(commands.length, made.length);
  const photos = made.flatMap(({ entry }) => ((entry.args as { photos?: { sha256: string }[] }).photos ?? []));
  assert.deepEqual(house.sql("SELECT DISTINCT state FROM photo"), photos.length ? [["stored"]] : []);
  for (const { sha256 } of photos) {
    const { session } = await (await tablet.store()).standing();
    const answer = await fetch(`${house.url}/api/blobs/${sha256}`, { headers: { Authorization: `Bearer ${session}` } });
    assert.equal(sha(Buffer.from(await answer.arrayBuffer())), sha256);
  }
  for (const [replica, last, count] of house.sql("SELECT r.id, r.last_seq, COUNT(c.id) FROM replica r LEFT JOIN command c ON c.replica = r.id GROUP BY r.id")) {
    assert.equal(last, count, `replica ${String(replica)}`);
  }
  assert.ok(house.manage("verify", "--data", house.data));
  await tablet.close();
});
