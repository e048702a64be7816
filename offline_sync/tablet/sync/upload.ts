/** One photo's bytes to the server by tus: in pieces that suit the link, taken up again where they were cut.
 *
 * The address is made of the hash, so nothing of an upload is remembered here. Never throws: it tells how it ended.
 */
import type { DetailedError, HttpRequest, Upload } from "tus-js-client";
import { lineSentence, retryAfter, strangerSentence } from "./link";

export type Ended =
  | { kind: "stored" }
  | { kind: "refused"; status: number; code: string; sentence: string; body: Record<string, unknown>; retry_ms: number | null }
  | { kind: "cut"; sentence: string; sent: number; retry_ms: number | null };

export interface Carried {
  base: string; // the server's origin
  token: string;
  sha256: string;
  mime: string;
  data: ArrayBuffer;
  begun: boolean; // some of it is there: ask how much before sending
  signal?: AbortSignal | undefined;
  progress(sent: number): void;
}

const SMALL = 256 * 1024;
const LARGE = 4 * 1024 * 1024;
const PIECE_MS = 8_000; // what one piece may take: the most that a cut can cost
const SILENCE_MS = 60_000; // without any byte going out: the link is dead whatever it says

/** The size of the next piece, by how the last ones went. */
export class Pieces {
  size = SMALL;
  rate: number | null = null; // bytes a ms, the last pieces weighing most

  went(bytes: number, ms: number): void {
    const now = bytes / Math.max(1, ms);
    this.rate = this.rate === null ? now : this.rate * 0.6 + now * 0.4;
    const fitting = (bytes / Math.max(1, ms)) * PIECE_MS;
    this.size = Math.min(LARGE, Math.max(SMALL, Math.floor(Math.min(fitting, this.size * 4) / SMALL) * SMALL));
  }

  cut(): void {
    this.size = SMALL;
  }
}

/** The library comes with the first photo, not before the first screen. */
export async function upload(carried: Carried, pieces: Pieces): Promise<Ended> {
  const tus = await import("tus-js-client").catch(() => null);
  return tus ? send(tus.Upload, carried, pieces) : { kind: "cut", sentence: lineSentence(), sent: 0, retry_ms: null };
}

function send(Sending: typeof Upload, carried: Carried, pieces: Pieces): Promise<Ended> {
  return new Promise((resolve) => {
    let sent = 0;
    let watch: ReturnType<typeof setTimeout> | undefined;
    let piece_begun = Date.now();
    const source = new Source(carried.data);
    const endpoint = `${carried.base}/api/tus`;
    const end = (ended: Ended): void => {
      clearTimeout(watch);
      carried.signal?.removeEventListener("abort", give_up);
      resolve(ended);
    };
    const give_up = (): void => {
      void work.abort();
      pieces.cut();
      end({ kind: "cut", sentence: lineSentence(), sent, retry_ms: null });
    };
    const alive = (): void => {
      clearTimeout(watch);
      watch = setTimeout(give_up, SILENCE_MS);
    };
    const work = new Sending(source as unknown as Blob, {
      endpoint, uploadUrl: carried.begun ? `${endpoint}/${carried.sha256}` : null, uploadSize: source.size,
      metadata: { sha256: carried.sha256, mime: carried.mime }, headers: { Authorization: `Bearer ${carried.token}` },
      uploadDataDuringCreation: true, chunkSize: pieces.size, retryDelays: null, parallelUploads: 1,
      storeFingerprintForResuming: false, fingerprint: () => Promise.resolve(""),
      fileReader: { openFile: () => Promise.resolve(source) },
      onBeforeRequest: (request) => source.sign(request),
      onProgress: (bytes) => {
        alive();
        sent = Math.max(sent, bytes);
        carried.progress(bytes);
      },
      onChunkComplete: (bytes) => {
        pieces.went(bytes, Date.now() - piece_begun);
        piece_begun = Date.now();
        work.options.chunkSize = pieces.size;
      },
      onSuccess: () => end({ kind: "stored" }),
      onError: (error) => {
        const told = read(error as DetailedError, sent);
        if (told.kind === "cut") pieces.cut();
        end(told);
      },
    });
    carried.signal?.addEventListener("abort", give_up);
    if (carried.signal?.aborted) return give_up();
    alive();
    work.start();
  });
}

/** The bytes as tus asks for them, each piece with its sum. */
class Source {
  readonly size: number;
  #sum: string | null = null;

  constructor(private readonly data: ArrayBuffer) {
    this.size = data.byteLength;
  }

  async slice(start: number, end: number): Promise<{ value: unknown; done: boolean }> {
    const upto = Math.min(end, this.size);
    const piece = new Uint8Array(this.data, start, upto - start);
    this.#sum = await base64Sum(piece);
    return { value: Object.assign(piece, { size: piece.byteLength }), done: upto >= this.size };
  }

  /** Names the sum of the piece that this request carries. */
  sign(request: HttpRequest): void {
    if (this.#sum && request.getHeader("Content-Type")) request.setHeader("Upload-Checksum", `sha256 ${this.#sum}`);
    this.#sum = null;
  }

  close(): void {
    // Nothing is held open.
  }
}

/** Null where the page is not secure and has no sums: the whole is judged by its hash all the same. */
async function base64Sum(piece: Uint8Array<ArrayBuffer>): Promise<string | null> {
  const subtle = globalThis.crypto?.subtle as SubtleCrypto | undefined;
  if (!subtle) return null;
  return btoa(String.fromCharCode(...new Uint8Array(await subtle.digest("SHA-256", piece))));
}

function read(error: DetailedError, sent: number): Ended {
  const answer = (error.originalResponse ?? null) as DetailedError["originalResponse"];
  if (!answer?.getStatus()) return { kind: "cut", sentence: lineSentence(), sent, retry_ms: null };
  const status = answer.getStatus();
  const retry_ms = retryAfter(answer.getHeader("Retry-After"));
  let body: Record<string, unknown> = {};
  try {
    body = JSON.parse(answer.getBody()) as Record<string, unknown>;
  } catch {
    // Not ours, or the answer to a HEAD, which has no body.
  }
  if (typeof body.error !== "string" && status >= 500) return { kind: "cut", sentence: strangerSentence(status), sent, retry_ms };
  const code = typeof body.error === "string" ? body.error : String(status);
  const sentence = typeof body.message === "string" ? body.message : `照片没有传上（${status}），稍后自动重试；原照片仍在本机。`;
  return { kind: "refused", status, code, sentence, body, retry_ms };
}
