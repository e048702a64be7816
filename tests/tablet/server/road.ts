/** A bad road between tablet and server: it cuts, loses answers, delays, answers 500 by itself, and counts. */
import { type ClientRequest, createServer, type IncomingMessage, request, type Server, type ServerResponse } from "node:http";
import type { House } from "./house";

/** What happens to one request. */
export interface Mishap {
  cut_at?: number; // the line dies after that many bytes of the request's body
  lose_answer?: boolean; // the server does it, and nobody hears
  cut_answer_at?: number; // the line dies within the answer
  status?: number; // a gateway answers instead of the server
  delay_ms?: number;
  kept?: boolean; // a gateway passes the body on when it has all of it; of a line that dies before nothing comes
  flip_at?: number; // that byte of the request's body arrives otherwise than it was sent
  rewrite?: (body: string) => string; // the request's body, as another tablet would send it
}

export interface Passed {
  method: string;
  path: string;
  headers: IncomingMessage["headers"];
  body: number; // bytes that went on to the server
  status: number | null; // null: no answer came back to the tablet
}

export class Road {
  readonly log: Passed[] = [];
  /** Asked for every request; undefined: a good road. */
  mishap: (request: { method: string; path: string; nth: number }) => Mishap | undefined = () => undefined;
  #server: Server;
  #count = 0;

  constructor(private readonly house: House) {
    this.#server = createServer((inward, outward) => this.#pass(inward, outward));
  }

  async open(): Promise<this> {
    await new Promise<void>((resolve) => this.#server.listen(0, "127.0.0.1", resolve));
    return this;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as { port: number }).port}`;
  }

  /** How many requests of this kind came to the server or the gateway. */
  count(method: string, path: string): number {
    return this.log.filter((one) => one.method === method && one.path.startsWith(path)).length;
  }

  #pass(inward: IncomingMessage, outward: ServerResponse): void {
    this.#count += 1;
    const { method = "", url: path = "" } = inward;
    const mishap = this.mishap({ method, path, nth: this.#count }) ?? {};
    const passed: Passed = { method, path, headers: inward.headers, body: 0, status: null };
    this.log.push(passed);
    const go = (): void => this.#go(inward, outward, mishap, passed);
    if (mishap.delay_ms) setTimeout(go, mishap.delay_ms).unref(); // a test may end before
    else go();
  }

  #go(inward: IncomingMessage, outward: ServerResponse, mishap: Mishap, passed: Passed): void {
    if (mishap.status) {
      inward.resume();
      passed.status = mishap.status;
      outward.writeHead(mishap.status, { "Content-Type": "text/html" }).end("<h1>gateway</h1>");
      return;
    }
    const there = request({
      host: "127.0.0.1", port: this.house.port, method: inward.method, path: inward.url, headers: inward.headers, agent: false,
    });
    const die = (): void => {
      there.destroy();
      inward.socket.destroy();
    };
    there.on("error", die);
    inward.on("error", die);
    if (mishap.rewrite) return this.#rewritten(inward, there, mishap.rewrite, passed, (answer) => this.#answer(answer, outward, mishap, passed, die));
    const pieces: Buffer[] = [];
    inward.on("data", (piece: Buffer) => {
      if (mishap.kept) {
        passed.body += piece.length;
        if (passed.body > (mishap.cut_at ?? Infinity)) return die();
        return void pieces.push(piece);
      }
      const flipped = (mishap.flip_at ?? -1) - passed.body;
      if (flipped >= 0 && flipped < piece.length) piece[flipped] = (piece[flipped] ?? 0) ^ 1;
      const room = (mishap.cut_at ?? Infinity) - passed.body;
      passed.body += Math.min(room, piece.length);
      if (piece.length < room) return void there.write(piece);
      // What got through has to arrive before the line dies.
      there.write(piece.subarray(0, room), () => setTimeout(die, 100));
      inward.pause();
    });
    inward.on("end", () => there.end(Buffer.concat(pieces)));
    there.on("response", (answer) => this.#answer(answer, outward, mishap, passed, die));
  }

  #rewritten(inward: IncomingMessage, there: ClientRequest, rewrite: (body: string) => string, passed: Passed, hear: (answer: IncomingMessage) => void): void {
    const pieces: Buffer[] = [];
    inward.on("data", (piece: Buffer) => pieces.push(piece));
    inward.on("end", () => {
      const body = Buffer.from(rewrite(Buffer.concat(pieces).toString()));
      passed.body = body.length;
      there.setHeader("Content-Length", body.length);
      there.end(body);
    });
    there.on("response", hear);
  }

  #answer(answer: IncomingMessage, outward: ServerResponse, mishap: Mishap, passed: Passed, die: () => void): void {
    const pieces: Buffer[] = [];
    answer.on("data", (piece: Buffer) => pieces.push(piece));
    answer.on("end", () => {
      if (mishap.lose_answer) return die();
      const whole = Buffer.concat(pieces);
      outward.writeHead(answer.statusCode ?? 502, answer.headers);
      if (mishap.cut_answer_at === undefined) {
        passed.status = answer.statusCode ?? null;
        return void outward.end(whole);
      }
      outward.write(whole.subarray(0, mishap.cut_answer_at), () => setTimeout(die, 30));
    });
  }
}
