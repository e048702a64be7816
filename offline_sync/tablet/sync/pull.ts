/** Fetches what changed, page by whole page, and now and then has the cache compared with the server's own count. */
import { Halt, halted, type Hand } from "./hand";
import type { Page } from "./ports";
import { startOver, type Self } from "./replica";

const PAGE = 500;
const PATIENCE = 120_000; // ms; a first page on a mountain link
const A_DAY = 24 * 3_600_000;
const OFFLINE_DAYS = 14; // how long the server renews a session that is in use
const STARTS = 2; // over again within one run
const LOST_RACES = 5; // pages that another window was quicker with

export interface Pulled {
  rows: number;
  mended: string[]; // scopes that did not add up and were fetched anew
  min_build: string;
}

/** Until the tablet has all that the person may see. Halts when the run has to end. */
export async function pullAll(hand: Hand, self: Self): Promise<Pulled> {
  const done: Pulled = { rows: 0, mended: [], min_build: "" };
  let starts = 0;
  let races = 0;
  let verify = await due(hand, self);
  for (;;) {
    const asked = await hand.store.cursors();
    const page = await fetchPage(hand, asked, verify);
    if (page === "reset") {
      starts += 1;
      if (starts > STARTS) throw new Halt("server", "服务器要求重新下载，但一直没有成功；稍后自动重试，本机内容不受影响。");
      await startOver(hand, self);
      continue;
    }
    const { epoch } = await hand.store.standing(); // another window may have heard meanwhile that the server was brought back
    if ((epoch ?? page.epoch) !== page.epoch || !(await hand.store.apply(asked, page))) {
      races += 1;
      if (races > LOST_RACES) throw new Halt("server", "另一个窗口正在下载，稍后自动重试。");
      continue;
    }
    await hand.store.mark({ epoch: page.epoch, backup_horizon: page.backup_horizon, offline_until: later(page.server_time) });
    done.rows += page.changes.length;
    done.min_build = page.min_build;
    if (page.more) continue;
    if (verify) {
      verify = false;
      done.mended = await mend(hand, self, page);
      if (done.mended.length) continue; // fetch them
    }
    return done;
  }
}

async function fetchPage(hand: Hand, asked: Record<string, number>, verify: boolean): Promise<Page | "reset"> {
  const { replica, epoch } = await hand.store.standing();
  const json = { replica, epoch, limit: PAGE, scopes: asked, verify: verify ? Object.keys(asked) : [] };
  const told = await hand.call<Page>("session", "POST", "/api/sync/pull", { json, limit_ms: PATIENCE });
  if (told.kind === "ok") return told.body;
  if (told.status === 409 && told.code === "reset") return "reset";
  throw halted(told);
}

/** Once a day, and once by every new build, which may read rows otherwise than the one before. */
async function due(hand: Hand, self: Self): Promise<boolean> {
  const { verified_at, verified_build } = await hand.store.standing();
  return verified_build !== self.build || verified_at === null || Math.abs(Date.now() - Date.parse(verified_at)) > A_DAY;
}

/** Compares what lies here with the server's sums; what differs goes, to be fetched anew. Returns those scopes. */
async function mend(hand: Hand, self: Self, page: Page): Promise<string[]> {
  const told = page.sums as Record<string, { n: number; x: string } | undefined>;
  const scopes = Object.keys(told);
  const ours = await hand.store.sums(scopes);
  const wrong = scopes.filter((scope) => ours[scope]?.n !== told[scope]?.n || ours[scope]?.x !== told[scope]?.x);
  if (wrong.length) await hand.store.refetch(wrong);
  await hand.store.mark({ verified_at: new Date().toISOString(), verified_build: self.build });
  return wrong;
}

/** The session was renewed by this very request; the cache may be shown without contact for as long again. */
function later(server_time: string): string {
  return new Date(Date.parse(server_time) + OFFLINE_DAYS * A_DAY).toISOString();
}
