/** The one place that speaks HTTP (photos in pieces apart: upload.ts). It tells outcomes and never throws. */
import { keepSkew, keptSkew } from "./skew";

export interface Answered<T> {
  kind: "ok";
  status: number;
  body: T;
}
/** The server said no. `sentence` is for people, `body` for us. */
export interface Refused {
  kind: "refused";
  status: number;
  code: string;
  sentence: string;
  body: Record<string, unknown>;
  retry_ms: number | null;
}
/** No answer of our server's: no network, a page in between, a time limit, a gateway without the server behind it. */
export interface Unreachable {
  kind: "unreachable";
  sentence: string;
  retry_ms: number | null;
}
export type Outcome<T> = Answered<T> | Refused | Unreachable;

export interface Asking {
  token?: string | null;
  json?: unknown;
  bytes?: { data: ArrayBuffer; type: string };
  limit_ms?: number; // for the whole exchange
  signal?: AbortSignal | undefined;
}

const ZIP_FROM = 1_000; // bytes; below, a packed body is hardly smaller
const PATIENCE = 45_000;
const SLOWEST = 3; // bytes per ms that a link must manage before we give it up

export class Link {
  /** Server's clock minus ours, ms; null until it first told the time. */
  skew_ms = keptSkew();

  /** `base`: the server's origin without a slash at the end. */
  constructor(readonly base: string, private readonly ask: typeof fetch = (...a) => fetch(...a)) {}

  /** The server's time as far as we know it, for what is kept beside the server's own times. */
  serverNow(): string {
    return new Date(Date.now() + (this.skew_ms ?? 0)).toISOString();
  }

  async call<T>(method: string, path: string, asking: Asking = {}): Promise<Outcome<T>> {
    const stop = new AbortController();
    const give_up = (): void => stop.abort();
    asking.signal?.addEventListener("abort", give_up);
    if (asking.signal?.aborted) stop.abort();
    let timer: ReturnType<typeof setTimeout> | undefined;
    try {
      const { body, headers } = await pack(asking);
      timer = setTimeout(give_up, asking.limit_ms ?? PATIENCE + (body?.byteLength ?? 0) / SLOWEST);
      const begun = Date.now();
      const answer = await this.ask(this.base + path, {
        method, headers, signal: stop.signal, credentials: "omit", cache: "no-store", redirect: "error",
        ...(body ? { body } : {}),
      });
      if (answer.ok && answer.headers.get("content-type")?.startsWith("image/")) {
        return { kind: "ok", status: answer.status, body: (await answer.arrayBuffer()) as T };
      }
      const text = await answer.text();
      return this.#read<T>(answer, text, (begun + Date.now()) / 2);
    } catch {
      return { kind: "unreachable", sentence: lineSentence(), retry_ms: null };
    } finally {
      clearTimeout(timer);
      asking.signal?.removeEventListener("abort", give_up);
    }
  }

  #read<T>(answer: Response, text: string, between: number): Outcome<T> {
    if (answer.status === 204) return { kind: "ok", status: 204, body: undefined as T };
    const body = object(text);
    const retry_ms = retryAfter(answer.headers.get("retry-after"));
    if (body) this.#clock(body.server_time, between);
    if (body && answer.ok) return { kind: "ok", status: answer.status, body: body as T };
    if (body && typeof body.error === "string") {
      const sentence = String(body.message ?? "") || `服务器没有接受（${body.error}）。`;
      return { kind: "refused", status: answer.status, code: body.error, sentence, body, retry_ms };
    }
    if (answer.status === 413) {
      // A gateway with a limit of its own; it matters to us which request was too large.
      return { kind: "refused", status: 413, code: "too_large", sentence: "内容超过网关允许的大小，未收下。", body: {}, retry_ms };
    }
    return { kind: "unreachable", sentence: strangerSentence(answer.status), retry_ms };
  }

  #clock(told: unknown, between: number): void {
    const theirs = typeof told === "string" ? Date.parse(told) : NaN;
    if (Number.isNaN(theirs)) return;
    this.skew_ms = Math.round(theirs - between);
    keepSkew({ ms: this.skew_ms, seen: theirs });
  }
}

async function pack(asking: Asking): Promise<{ body: ArrayBuffer | null; headers: Record<string, string> }> {
  const headers: Record<string, string> = { Accept: "application/json" };
  if (asking.token) headers.Authorization = `Bearer ${asking.token}`;
  if (asking.bytes) return { body: asking.bytes.data, headers: { ...headers, "Content-Type": asking.bytes.type } };
  if (asking.json === undefined) return { body: null, headers };
  headers["Content-Type"] = "application/json";
  const plain = new TextEncoder().encode(JSON.stringify(asking.json));
  const zipped = plain.byteLength >= ZIP_FROM ? await gzip(plain) : null;
  if (!zipped) return { body: plain.buffer, headers };
  return { body: zipped, headers: { ...headers, "Content-Encoding": "gzip" } };
}

/** Null where the browser cannot (before Chrome 80): the body then travels as it is. */
async function gzip(plain: Uint8Array<ArrayBuffer>): Promise<ArrayBuffer | null> {
  if (typeof CompressionStream === "undefined") return null;
  try {
    return await new Response(new Blob([plain]).stream().pipeThrough(new CompressionStream("gzip"))).arrayBuffer();
  } catch {
    return null;
  }
}

function object(text: string): Record<string, unknown> | null {
  try {
    const read: unknown = JSON.parse(text);
    return typeof read === "object" && read !== null && !Array.isArray(read) ? (read as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}

/** `Retry-After` in ms: seconds or a date. */
export function retryAfter(header: string | null | undefined): number | null {
  if (!header) return null;
  const seconds = Number(header);
  if (Number.isFinite(seconds)) return Math.max(0, seconds * 1000);
  const at = Date.parse(header);
  return Number.isNaN(at) ? null : Math.max(0, at - Date.now());
}

export function lineSentence(): string {
  return "连不上服务器，可能没有信号；没上传的内容都在本机，有网后自动上传。";
}

export function strangerSentence(status: number): string {
  if (status >= 500) return `服务器暂时出错或正在维护（${status}），稍后自动重试；没上传的内容都在本机。`;
  return "网络返回的不是本系统的内容，可能需要先登录这个无线网络；没上传的内容都在本机，稍后自动重试。";
}
