/** Speaks to the server for one person, by session where it is needed, else by whichever token is still taken. */
import type { Answered, Asking, Link, Refused } from "./link";
import type { PersonStore } from "./ports";

export type Why = "unreachable" | "sign_in" | "password" | "wiped" | "server" | "refused" | "stopped";

/** A run cannot go on. Nothing is lost by it; `sentence` is for people, `retry_ms` what the server asked for. */
export class Halt extends Error {
  constructor(readonly why: Why, readonly sentence: string, readonly retry_ms: number | null = null) {
    super(sentence);
  }
}

/** `session`: sees rows. `any`: hands in, which a deposit token may do too. */
export type Right = "session" | "any";

export class Hand {
  /** `dead`: tokens that the server no longer takes; kept over runs so that none is tried at every turn. */
  constructor(
    readonly link: Link,
    readonly store: PersonStore,
    private readonly dead: Set<string>,
    readonly signal: AbortSignal | undefined,
    readonly reached: (answered: boolean) => void,
  ) {}

  /** The token to use. Halts when there is none. */
  async token(right: Right): Promise<string> {
    const { session, deposit, disabled } = await this.store.standing();
    const taken = [disabled ? null : session, right === "any" ? deposit : null].find((one) => one && !this.dead.has(one));
    if (!taken) throw new Halt("sign_in", "登录已过期，请重新登录；未上传的内容都在本机，不会丢失。");
    return taken;
  }

  /** An answer or a refusal that the caller understands. Halts on what ends a run whoever asks. */
  async call<T>(right: Right, method: string, path: string, asking: Asking = {}): Promise<Answered<T> | Refused> {
    for (;;) {
      const token = await this.token(right);
      const told = await this.link.call<T>(method, path, { ...asking, token, signal: this.signal });
      this.#stopped();
      this.reached(told.kind !== "unreachable");
      if (told.kind === "unreachable") throw new Halt("unreachable", told.sentence, told.retry_ms);
      if (told.kind === "ok" || !(await this.refusedToken(told, token, right))) return told;
    }
  }

  /** `call`, for whom every refusal is the end of the run. */
  async must<T>(right: Right, method: string, path: string, asking: Asking = {}): Promise<T> {
    const told = await this.call<T>(right, method, path, asking);
    if (told.kind === "refused") throw halted(told);
    return told.body;
  }

  /** True when another token may do. Halts when the refusal is about who asks, or about how often. */
  async refusedToken(told: Pick<Refused, "status" | "code" | "sentence" | "body" | "retry_ms">, token: string, right: Right): Promise<boolean> {
    if (told.status === 401) {
      if (told.body.wipe === true) await this.#wipe(told.sentence);
      this.dead.add(token);
      return true; // `token` halts when this was the last
    }
    if (told.code === "must_change") {
      await this.store.mark({ must_change: true });
      const { deposit } = await this.store.standing();
      if (right === "session" || !deposit || deposit === token) {
        throw new Halt("password", "请先把一次性密码改成自己的密码，再继续使用。");
      }
      this.dead.add(token);
      return true;
    }
    if (told.status === 429) throw halted(told);
    return false;
  }

  /** The office ended this account or this tablet: what the server gave goes, what the person made stays. */
  async #wipe(sentence: string): Promise<never> {
    await this.store.dropCache();
    await this.store.mark({ disabled: true, session: null });
    throw new Halt("wiped", sentence);
  }

  #stopped(): void {
    if (this.signal?.aborted) throw new Halt("stopped", "");
  }
}

/** The end of a run by a refusal. */
export function halted(told: Pick<Refused, "status" | "sentence" | "retry_ms">): Halt {
  return new Halt(told.status >= 500 ? "server" : "refused", told.sentence, told.retry_ms);
}
