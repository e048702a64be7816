/** The two marks that never move: what is kept here, and what has been sent. */
import { clock, daysTo } from "../rules/when";
import type { OpenDraft, SyncState } from "../tablet";
import { useLive, useMaking, useNow, useSync } from "./hooks";
import { Icon } from "./icons";

export type Saved = Pick<OpenDraft, "saving" | "savedAt" | "trouble">;

/** 已存 ✓ 9:41. `saved` of the draft on the screen; without one, when something was last kept here. */
export function SavedMark({ saved }: { saved?: Saved | undefined }) {
  const making = useMaking();
  if (!saved) return making ? <Making n={making} /> : <LastKept />;
  if (saved.trouble?.code === "draft_elsewhere") return <span class="mark mark-amber">已在别处打开</span>;
  if (saved.trouble) return <span class="mark mark-bad"><Icon name="warn" size={18} />没存上</span>;
  if (making) return <Making n={making} />;
  return saved.saving ? <span class="mark">正在存…</span> : <KeptAt at={saved.savedAt} />;
}

/** A photo is being made smaller: it takes a moment, and is not kept yet. */
const Making = ({ n }: { n: number }) => <span class="mark mark-amber">正在存照片 {n}</span>;

/** Reads every draft and the whole outbox: never beside an open sheet, where each tap would read them again. */
function LastKept() {
  const last = useLive(["drafts", "outbox"], async (tablet) => {
    const [drafts, outbox] = await Promise.all([tablet.drafts.list(), tablet.outbox.list()]);
    const times = [...drafts.map((draft) => draft.updated_at), ...outbox.map((entry) => entry.at)];
    return times.reduce<string | null>((best, at) => (best && Date.parse(best) >= Date.parse(at) ? best : at), null);
  });
  return <KeptAt at={last.value} />;
}

function KeptAt({ at }: { at: string | null }) {
  if (!at) return <span class="mark">尚无记录</span>;
  return <span class="mark">已存<Icon name="tick" size={18} />{clock(at)}</span>;
}

const NEEDS = { sign_in: "请登录", password: "请改密码", update: "请更新" } as const;

/** What the mark says about sending, most pressing first. */
export function sendingWords(state: SyncState, now = Date.now()): { amber: boolean; words: string; more?: string; small: string } {
  const { waiting, photos } = state;
  const small = state.needs ? NEEDS[state.needs] : state.online ? (photos.waiting && photos.waits ? "等 Wi-Fi" : "") : away(state.last_ok, now);
  if (waiting) return { amber: true, words: `待传 ${waiting}`, more: photos.waiting ? `照片 ${photos.waiting}` : "", small };
  if (photos.waiting) return { amber: true, words: `照片待传 ${photos.waiting}`, small };
  return { amber: false, words: "已全传", small };
}

/** 离线, and for how many days where it has been some. */
function away(last_ok: string | null, now: number): string {
  const days = last_ok ? -daysTo(last_ok, now) : 0;
  return days >= 2 ? `离线 ${days} 天` : "离线";
}

/** 待传 2 · 离线. */
export function SendingMark() {
  const { amber, words, more, small } = sendingWords(useSync(), useNow());
  return (
    <span class={`mark ${amber ? "mark-amber" : ""}`}>
      {amber ? <span class="dot" aria-hidden="true" /> : <Icon name="tick" size={18} />}
      {words}
      {more && <small class="mark-wide"> · {more}</small>}
      {small && <small> · {small}</small>}
    </span>
  );
}
