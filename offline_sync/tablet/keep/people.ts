/** Who is known on this device, and their tokens. Asking the server is sync/sessions.ts. */
import type { Known } from "../tablet";
import type { Entered, PersonKept } from "./shapes";
import type { Shelf } from "./shelf";

export interface Tokens {
  session: string | null;
  deposit: string | null;
}

/** Everybody known here as screens see them, those with unsent work too. */
export async function listKnown(shelf: Shelf): Promise<Known[]> {
  const kept = await shelf.device.read(["people"], (t) => t.all("people"));
  return Promise.all(kept.map((person) => shown(shelf, person)));
}

export async function currentKnown(shelf: Shelf): Promise<Known | null> {
  const id = await shelf.current();
  const kept = id ? await personKept(shelf, id) : undefined;
  return kept ? shown(shelf, kept) : null;
}

export const personKept = (shelf: Shelf, id: string): Promise<PersonKept | undefined> =>
  shelf.device.read(["people"], (t) => t.get("people", id));

const NEW: Omit<PersonKept, keyof Entered> = {
  disabled: false, backup_horizon: null, limits: {}, verified_at: null, verified_build: null, last_ok: null,
};

/** After a sign-in: keeps who it is and both tokens. Of somebody known before, the rest stays. */
export async function remember(shelf: Shelf, person: Entered): Promise<void> {
  await shelf.device.write(["people"], async (t) => {
    const there = await t.get("people", person.id);
    t.put("people", { ...NEW, ...there, ...person, disabled: false });
  });
  shelf.live.tell("people");
}

/** Sets some of what is kept of a person (a renewed session, posts, must_change). Somebody unknown stays unknown. */
export async function amendPerson(shelf: Shelf, id: string, change: Partial<Omit<PersonKept, "id">>): Promise<void> {
  const seen = await shelf.device.write(["people"], async (t) => {
    const there = await t.get("people", id);
    if (!there) return false;
    t.put("people", { ...there, ...change });
    return SEEN.some((name) => name in change && JSON.stringify(there[name]) !== JSON.stringify(change[name]));
  });
  if (seen) shelf.live.tell("people");
}

/** What screens show or ask for again; the rest changes with every contact. */
const SEEN = ["name", "title", "posts", "session", "deposit", "must_change", "disabled"] as const;

export async function tokens(shelf: Shelf, id: string): Promise<Tokens> {
  const kept = await personKept(shelf, id);
  return { session: kept?.session ?? null, deposit: kept?.deposit ?? null };
}

/** Ends the session here. The deposit token, drafts and unsent work stay. */
export async function leave(shelf: Shelf, id: string): Promise<void> {
  await shelf.device.write(["people", "meta"], async (t) => {
    const there = await t.get("people", id);
    if (there) t.put("people", { ...there, session: null });
    const current = await t.get("meta", "current");
    if (current?.value === id) t.put("meta", { name: "current", value: null });
  });
  shelf.live.tell("people");
}

async function shown(shelf: Shelf, person: PersonKept): Promise<Known> {
  const [waiting, photos, drafts] = await shelf.of(person.id).core.read(["outbox", "photos", "drafts"], async (t) => [
    await t.count("outbox", { index: "queue" }), await t.count("photos", { index: "waits" }), await t.count("drafts"),
  ]) as [number, number, number];
  const { id, name, title, district, posts, offline_until, disabled } = person;
  return {
    id, name, title, district, posts, offline_until, signed_in: person.session !== null,
    deposit: person.deposit !== null, waiting, photos_waiting: photos, disabled, drafts,
  };
}
