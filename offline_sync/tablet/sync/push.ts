/** Hands in what waits, in order, and keeps the server's word on each. Nothing here can lose or double a command. */
import type { Terminal, Verdict } from "../model";
import type { PushOut, ResultOut } from "../wire";
import { batch, commandOf, COMMANDS, sort } from "./batches";
import { Halt, halted, type Hand } from "./hand";
import type { Refused } from "./link";
import type { Numbered } from "./ports";
import { fork, healGap } from "./replica";
import { newId } from "../rules/ids";

const HEALINGS = 6; // of the sequence within one run; more would be a fault of ours, told and tried again later
const TERMINAL: readonly string[] = ["applied", "merged", "noop", "conflict", "rejected", "held"];

/** One run's pushing. `unfit`: commands that no server took as they are; kept over runs, so that each is tried once. */
export class Push {
  #most = COMMANDS;
  #healings = 0;
  /** How many were receipted. */
  settled = 0;

  constructor(private readonly hand: Hand, private readonly unfit: Map<string, string>) {}

  /** Until nothing waits that can go. Halts when the run has to end. */
  async all(): Promise<void> {
    while (await this.#next());
  }

  async #next(): Promise<boolean> {
    const { store } = this.hand;
    const { limits } = await store.standing();
    const waiting = await store.waiting();
    const { fit, large, ordered } = sort(waiting, limits, new Set(this.unfit.keys()));
    await this.#tellLarge(large);
    if (!fit.length) return false;
    if (!ordered) {
      // Their numbers go to those that can travel; none of them has ever been taken in.
      await store.renumber([...fit, ...large].map((entry) => entry.id), waiting[0]?.seq ?? 1, null);
      return true;
    }
    await this.#send(batch(fit, limits, this.#most));
    return true;
  }

  async #send(entries: Numbered[]): Promise<void> {
    const { store } = this.hand;
    const { replica, epoch } = await store.standing();
    const json = { replica, epoch, now: new Date().toISOString(), commands: entries.map(commandOf) };
    const ids = entries.map((entry) => entry.id);
    try {
      const told = await this.hand.call<PushOut>("any", "POST", "/api/sync/push", { json });
      // An answer that slept in a frozen window while another one heard that the server was brought back is of a
      // server that is no more: what it receipted was lost with it and goes again.
      if ((await store.standing()).epoch !== epoch) return;
      const body: Partial<PushOut> = told.body;
      const came = await this.#settle(body);
      if (told.kind === "refused") await this.#refused(told, entries, came);
      else if (!came) throw new Halt("refused", "服务器的应答不完整，稍后自动重试；没上传的内容都在本机。");
    } catch (error) {
      if (error instanceof Halt && error.why !== "stopped") await this.#noteUnsettled(ids, error.sentence);
      throw error;
    }
  }

  /** Keeps the verdicts of an answer; returns how many there were. */
  async #settle(body: Partial<PushOut>): Promise<number> {
    const results = Array.isArray(body.results) ? body.results : [];
    const at = body.server_time ?? this.hand.link.serverNow();
    if (results.length) await this.hand.store.settle(new Map(results.map((one) => [one.id, verdictOf(one, at)])));
    if (body.backup_horizon) await this.hand.store.mark({ backup_horizon: body.backup_horizon });
    this.settled += results.length;
    return results.length;
  }

  async #refused(told: Refused, entries: Numbered[], came: number): Promise<void> {
    const { store } = this.hand;
    const culprit = Array.isArray(told.body.results) ? entries[came] : undefined;
    switch (told.code) {
      case "gap":
        this.#heal(told);
        return healGap(store, Number(told.body.expected));
      case "replica_fork":
      case "replica_owner":
        this.#heal(told);
        return fork(store, newId());
      case "id_reuse":
        return this.#strange(told, entries, came);
      case "too_large":
        if (entries.length > 1 && !culprit) this.#most = Math.ceil(entries.length / 2);
        else this.#setAside(told, culprit ?? entries[0]);
        return;
      case "invalid":
      case "bad_json":
        if (!culprit) throw halted(told);
        return this.#setAside(told, culprit);
      default:
        throw halted(told);
    }
  }

  #heal(told: Refused): void {
    this.#healings += 1;
    if (this.#healings > HEALINGS) throw halted(told);
  }

  /** It blocks nobody: all others pass it, and its place in the outbox says why it stays. */
  #setAside(told: Refused, entry: Numbered | undefined): void {
    if (!entry) throw halted(told);
    this.unfit.set(entry.id, told.sentence);
  }

  /** Its id belongs to something else on the server, which has laid this one aside whole: received, not carried out. */
  async #strange(told: Refused, entries: Numbered[], came: number): Promise<void> {
    const entry = entries[came];
    if (!entry) throw halted(told);
    const at = String(told.body.server_time ?? this.hand.link.serverNow());
    const verdict: Verdict = { status: "held", rev: 0, reason: "id_reuse", message: told.sentence, data: {}, at };
    await this.hand.store.settle(new Map([[entry.id, verdict]]));
    const waiting = await this.hand.store.waiting();
    await this.hand.store.renumber(waiting.map((one) => one.id), Number(told.body.last_seq ?? entry.seq - 1) + 1, null);
  }

  async #tellLarge(large: Numbered[]): Promise<void> {
    for (const entry of large) {
      const problem = this.unfit.get(entry.id) ?? "这条记录太大，服务器收不下；内容留在本机，请用“导出”交给管理员。其他记录照常上传。";
      this.unfit.set(entry.id, problem);
      if (entry.problem !== problem) await this.hand.store.note([entry.id], problem, false);
    }
  }

  async #noteUnsettled(ids: string[], sentence: string): Promise<void> {
    const waiting = new Set((await this.hand.store.waiting()).map((entry) => entry.id));
    await this.hand.store.note(ids.filter((id) => waiting.has(id)), sentence, true);
  }
}

function verdictOf(result: ResultOut, at: string): Verdict {
  // A word that a later server may add is kept as "received": it is settled there, whatever it is called.
  const status = (TERMINAL.includes(result.status) ? result.status : "held") as Terminal;
  return {
    status, rev: result.rev, reason: result.reason ?? "", message: result.message ?? "",
    data: (result.data ?? {}) as Record<string, unknown>, at,
  };
}
