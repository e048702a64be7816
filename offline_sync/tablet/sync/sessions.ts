/** Who works on this tablet: signing in and out, enrolling by ticket, changing a one-time password. */
import { type Known, type Live, type People, type Post, Trouble } from "../tablet";
import type { SessionOut } from "../wire";
import type { Link, Outcome } from "./link";
import type { Standing, Stores } from "./ports";

/** How the tablet names itself to the server. */
export interface DeviceWords {
  label: string;
  platform: string;
  build: string;
}

/** What the sync has to do when people come and go. */
export interface Running {
  now(): void; // begin a run
  apart<T>(work: () => Promise<T>): Promise<T>; // ends the run under way, works while none is, begins anew
}

const GOODBYE_MS = 8_000; // a sign-out must not hang on a dead link
const OFFLINE = "连不上服务器。登录需要网络，请到有信号的地方再试；本机未上传的内容都还在。";

export class Sessions implements People {
  constructor(
    private readonly stores: Stores,
    private readonly link: Link,
    private readonly live: Live,
    private readonly words: DeviceWords,
    private readonly running: Running,
  ) {}

  list(): Promise<Known[]> {
    return this.stores.known();
  }

  async current(): Promise<Known | null> {
    const id = await this.stores.current();
    return id === null ? null : ((await this.stores.known()).find((one) => one.id === id) ?? null);
  }

  async signIn(name: string, password: string): Promise<Known> {
    const json = { name: name.trim(), password, device: await this.#device() };
    return this.#enter(await this.link.call<SessionOut>("POST", "/api/session", { json }));
  }

  async enrol(ticket: string): Promise<Known> {
    const json = { ticket: ticket.trim(), device: await this.#device() };
    return this.#enter(await this.link.call<SessionOut>("POST", "/api/enrol", { json }));
  }

  async changePassword(old: string, fresh: string): Promise<void> {
    const standing = await this.#mine();
    good(await this.link.call("POST", "/api/password", { json: { old, new: fresh }, token: standing.session }));
    await (await this.stores.of(standing.id)).mark({ must_change: false });
    this.live.tell("people");
    this.running.now();
  }

  async choose(id: string): Promise<void> {
    const standing = (await this.stores.people()).find((one) => one.id === id);
    if (!standing?.session || Date.parse(standing.offline_until) < Date.parse(this.link.serverNow())) {
      throw new Trouble("sign_in_needed", "离线使用期已过或已退出，请连网登录一次；草稿和待传的记录都还在。");
    }
    await this.running.apart(() => this.stores.setCurrent(id));
    this.live.tell("people");
  }

  /** The session ends here and, if there is a line, on the server. Unsent work stays and leaves by the deposit token. */
  async signOut(): Promise<void> {
    const id = await this.stores.current();
    if (id === null) return;
    const store = await this.stores.of(id);
    const { session } = await store.standing();
    // Apart: a page that is under way must not be put in place afterwards.
    await this.running.apart(async () => {
      await store.mark({ session: null });
      await this.stores.setCurrent(null);
    });
    this.live.tell("people");
    if (session) await this.link.call("DELETE", "/api/session", { token: session, limit_ms: GOODBYE_MS });
  }

  async #enter(told: Outcome<SessionOut>): Promise<Known> {
    const { session, deposit, district, person, offline_until, must_change } = good(told);
    const posts = person.posts.map((post): Post => ({ ...post, until: post.until ?? null }));
    await this.running.apart(async () => {
      await this.stores.enter({
        id: person.id, name: person.title || person.name, title: person.title ?? "", district, posts, offline_until,
        session, deposit, must_change: must_change ?? false,
      });
      await this.stores.setCurrent(person.id);
    });
    this.live.tell("people");
    const known = await this.current();
    if (!known) throw new Trouble("store_lost", "登录成功，但没能存进本机，请再登录一次。");
    return known;
  }

  async #device(): Promise<{ id: string } & DeviceWords> {
    return { id: await this.stores.device(), ...this.words };
  }

  async #mine(): Promise<Standing> {
    const id = await this.stores.current();
    if (id === null) throw new Trouble("signed_out", "还没有登录。请先登录。");
    return (await this.stores.of(id)).standing();
  }
}

/** The body of a good answer. Raises a Trouble with the server's code and sentence, or `unreachable`. */
function good<T>(told: Outcome<T>): T {
  if (told.kind === "ok") return told.body;
  if (told.kind === "unreachable") throw new Trouble("unreachable", OFFLINE);
  throw new Trouble(told.code, told.sentence, told.body);
}
