/** A tablet in memory, for looking at screens without stores and network. Never part of the bundle. */
import type { Draft, DraftAnswer, Entry, Photo } from "../../offline_sync/tablet/model";
import { newId } from "../../offline_sync/tablet/rules/ids";
import type { RowKind, RowOf } from "../../offline_sync/tablet/rows";
import { type OpenDraft, type Tablet, type Topic, Trouble } from "../../offline_sync/tablet/tablet";
import { blank } from "./sheets";

export type FakeRows = { [K in RowKind]?: (RowOf<K> & { key: string })[] };

export interface Fake { tablet: Tablet; drafts: Map<string, { draft: Draft; answers: Map<string, DraftAnswer> }>; entries: Entry[]; photos: Photo[] }

export function fakeTablet(rows: FakeRows, me: { id: string; title: string }): Fake {
  const ears = new Set<{ topics: readonly Topic[]; hear: () => void }>();
  const tell = (...topics: Topic[]) => { for (const ear of [...ears]) if (ear.topics.some((one) => topics.includes(one))) ear.hear(); };
  const drafts: Fake["drafts"] = new Map();
  const entries: Entry[] = [];
  const photos: Photo[] = [];
  const urls = new Map<string, string>();
  const now = () => new Date().toISOString();
  const open = (inspection: string): OpenDraft => {
    const kept = drafts.get(inspection);
    if (!kept) throw new Trouble("draft_gone", "这份检查表已提交或已删除。");
    const hears = new Set<() => void>();
    const say = () => { for (const hear of [...hears]) hear(); };
    let timer: ReturnType<typeof setTimeout> | undefined;
    const state = { saving: false, savedAt: kept.draft.updated_at as string | null };
    const touch = () => {
      state.saving = true;
      clearTimeout(timer);
      timer = setTimeout(settle, 60);
      say();
    };
    const settle = () => {
      state.saving = false;
      state.savedAt = now();
      say();
    };
    let mine = photos.filter((one) => one.about.id === inspection);
    const stop = () => ears.delete(ear);
    const ear = { topics: ["photos"] as const, hear: () => { mine = photos.filter((one) => one.about.id === inspection); say(); } };
    ears.add(ear);
    return {
      get draft() { return kept.draft; }, get answers() { return kept.answers; }, get photos() { return mine; },
      get saving() { return state.saving; }, get savedAt() { return state.savedAt; }, trouble: null,
      answer(item, change) { kept.answers.set(item, { ...(kept.answers.get(item) ?? blank(item)), ...change, item }); touch(); },
      forget(item) { kept.answers.delete(item); touch(); },
      set(change) { kept.draft = { ...kept.draft, ...change }; touch(); },
      flush: async () => settle(), on(hear) { hears.add(hear); return () => void hears.delete(hear); },
      close: async () => void stop(),
    };
  };
  const entry = (verb: string, args: unknown, about: Entry["about"], named: string[]): Entry => {
    const made: Entry = { id: newId(), seq: entries.length + 1, verb, v: 1, at: now(), mono: 0, boot: "", args, replaces: null, about, photos: named, verdict: null, tries: 0, problem: null };
    entries.push(made);
    tell("outbox", "drafts");
    return made;
  };
  const tablet: Tablet = {
    build: "test",
    live: { on(topics, hear) { const one = { topics, hear }; ears.add(one); return () => void ears.delete(one); }, tell },
    people: {
      list: async () => [], current: async () => ({ ...me, name: me.title, district: "110109", posts: [], offline_until: "2999-01-01T00:00:00Z", signed_in: true, deposit: true, waiting: 0, photos_waiting: 0, disabled: false, drafts: 0 }),
      signIn: never, enrol: never, changePassword: never, choose: never, signOut: never,
    },
    rows: {
      all: async (kind) => (rows[kind] ?? []) as never, one: async (kind, id) => ((rows[kind] ?? []).find((one) => one.key === id) ?? null) as never,
      of: async () => [], complete: async () => true,
    },
    drafts: {
      list: async () => [...drafts.values()].map((one) => one.draft), begin: never, amend: never, prepare: async () => undefined, open: async (id) => open(id),
      async finish(id, args, named, title) {
        const kept = drafts.get(id);
        drafts.delete(id);
        return entry("inspection.submit", args, { kind: "inspection", id, village: kept?.draft.village ?? null, title }, named);
      },
      async discard(id) { drafts.delete(id); },
    },
    pictures: {
      async take(file, { about, role, pairs, position }) {
        const sha256 = [...crypto.getRandomValues(new Uint8Array(32))].map((one) => one.toString(16).padStart(2, "0")).join("");
        urls.set(sha256, URL.createObjectURL(file));
        const photo: Photo = { id: newId(), sha256, size: file.size, mime: "image/jpeg", width: 1600, height: 1200, taken_at: now(), position, pairs, role, about, stored_at: null, preview_sent: false, kept_at: now() };
        photos.push(photo);
        tell("photos");
        return photo;
      },
      url: async (sha256) => urls.get(sha256) ?? null,
      async remove(id) { photos.splice(photos.findIndex((one) => one.id === id), 1); tell("photos"); },
      of: async (kind, id) => photos.filter((one) => one.about.kind === kind && one.about.id === id),
      loose: async () => [], settled: async () => undefined, making: 0,
    },
    outbox: { list: async () => entries, add: async ({ verb, args, about, photos: named }) => entry(verb, args, about, named) },
    sync: {
      state: { online: false, running: false, stage: "idle", waiting: 2, photos: { waiting: 3, bytes: 1, now: null, rate: null, waits: null }, last_ok: null, next_try: null, problem: null, needs: null, skew_ms: 0 },
      now() {},
    },
    photoLink: { chosen: () => "any", choose: () => undefined },
    storage: { state: async () => ({ persisted: true, used: 1e9, quota: 2e9, free: 1e9, photos_allowed: true, warning: null }) },
    backups: { offers: async () => [], take: async () => ({ lacking: 0 }), amend: never },
    towns: { chosen: async () => [], choose: async () => undefined },
    rescue: {
      weigh: async () => ({ commands: 0, drafts: 0, photos: 0, bytes: 0, unread: [] }),
      look: async () => [],
      make: async () => Promise.reject(new Error("nothing to rescue")),
    },
    where: { now: async () => ({ lat: 39.97, lng: 116.01, accuracy: 8 }) },
  };
  return { tablet, drafts, entries, photos };
}

const never = async (): Promise<never> => { throw new Error("not here"); };
