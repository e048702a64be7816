/** Everybody whose work lies on this tablet: whoever works now first, then those who left some behind. */
import type { Live } from "../tablet";
import type { Board } from "./board";
import { Halt } from "./hand";
import type { Link } from "./link";
import type { Stores } from "./ports";
import type { Reporter } from "./report";
import { type Memory, Run } from "./run";

export interface CrewParts {
  stores: Stores;
  link: Link;
  live: Live;
  build: string;
  platform: string;
  board: Board;
  memory: Memory;
  signal: AbortSignal;
  reporter?: Reporter | undefined;
  photosWait(): "wifi" | "unsure" | null;
}

export class Crew {
  #held = false;

  constructor(private readonly parts: CrewParts) {}

  /** One run for each. A failure of one keeps nobody else from being served, and is raised at the end. */
  async everybody(): Promise<void> {
    const { stores, board } = this.parts;
    const mine = await stores.current();
    let failure: unknown = null;
    if (mine !== null) await this.#mine(mine).catch((error: unknown) => void (failure = passOn(error)));
    for (const { id, name, waiting, photos_waiting } of await stores.known()) {
      if (id === mine) continue;
      const owes = await this.#owes(id, mine); // whatever else waits of theirs
      if (!(owes || waiting || photos_waiting)) continue;
      await this.#run(id, false).catch((error: unknown) => void (failure ??= named(passOn(error), name)));
    }
    if (failure) throw failure;
    board.set({ problem: null, needs: board.state.needs === "update" ? "update" : null });
  }

  /** How soon to begin the next run after one that went well. */
  async next(): Promise<"soon" | "later" | "calm"> {
    if (this.#held) return "soon";
    const held = this.parts.photosWait() !== null; // photos that wait for Wi-Fi are no reason to come again soon
    const wait = (await this.parts.stores.known()).some((one) => one.waiting > 0 || (one.photos_waiting > 0 && !held));
    return wait ? "later" : "calm";
  }

  /** A run of who works now. An account that ended is signed out; what waits goes by its deposit with the others'. */
  async #mine(id: string): Promise<void> {
    const { stores, live } = this.parts;
    try {
      await this.#run(id, true);
    } catch (error) {
      if (error instanceof Halt && error.why === "wiped") {
        if ((await stores.current()) === id) await stores.setCurrent(null);
        live.tell("people", "rows");
      }
      throw error;
    }
  }

  /** Who works now heard of another epoch: a server brought back may have lost what the others handed in before. */
  async #owes(id: string, mine: string | null): Promise<boolean> {
    const { stores, memory } = this.parts;
    if (mine === null) return false;
    const [told, store] = [await (await stores.of(mine)).standing(), await stores.of(id)];
    const { epoch, replica, district } = await store.standing();
    if (epoch === null || epoch === told.epoch || district !== told.district || !(await store.kept()).length) return false;
    memory.greeted.delete(replica); // hello tells it the same, and what to send again
    return true;
  }

  async #run(id: string, mine: boolean): Promise<void> {
    const { stores, build, platform, board } = this.parts;
    const store = await stores.of(id);
    const self = { device: await stores.device(), build, platform };
    const run = new Run({ ...this.parts, self, reached: (online) => board.set({ online }) }, store, mine);
    await run.all();
    this.#held ||= run.held;
    await store.mark({ last_ok: this.parts.link.serverNow() });
    if (isOlder(build, run.min_build)) board.set({ needs: "update" });
  }
}

/** Without a line, or told to stop, nobody else's run would come further. */
function passOn(error: unknown): unknown {
  if (error instanceof Halt && (error.why === "unreachable" || error.why === "stopped")) throw error;
  return error;
}

/** Another's trouble is told by name and asks nothing of who works now. */
function named(error: unknown, name: string): unknown {
  if (!(error instanceof Halt)) return error;
  return new Halt(error.why === "server" ? "server" : "refused", `${name}留在本机的记录还没有交完：${error.sentence}`, error.retry_ms);
}

/** Whether the build's version is below the wanted one; a hash by itself has no order. */
export function isOlder(build: string, wanted: string): boolean {
  const [is, due] = [build, wanted].map((name) => /^\d+(\.\d+)*(?=-|$)/.exec(name)?.[0]);
  return is !== undefined && due !== undefined && is.localeCompare(due, "en", { numeric: true }) < 0;
}
