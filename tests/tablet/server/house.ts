/** The real server over a demo district, for tests of the tablet's sync: started once a file, stopped with it. */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { cpSync, existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const ROOT = process.env.TABLET_ROOT ?? process.cwd();
const PYTHON = join(ROOT, ".venv/bin/python");
const PATIENCE = 120_000;

export class House {
  readonly folder = mkdtempSync(join(tmpdir(), "xuncun-house-"));
  readonly #port = new Port();
  data = join(this.folder, "data");
  port = 0;
  #child: ChildProcess | null = null;
  #words = "";

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  async start(): Promise<this> {
    this.port ||= await this.#port.held();
    const demo = process.env.TABLET_DEMO;
    if (demo && !existsSync(this.data)) cpSync(demo, this.data, { recursive: true });
    const child = spawn(PYTHON, ["manage.py", "serve", "--port", String(this.port), "--data", this.data], { cwd: ROOT });
    this.#child = child;
    child.stdout.on("data", (text: Buffer) => (this.#words += text.toString()));
    child.stderr.on("data", (text: Buffer) => (this.#words += text.toString()));
    const until = Date.now() + PATIENCE;
    while (Date.now() < until && child.exitCode === null) {
      if (await fetch(`${this.url}/healthz`).then((told) => told.ok, () => false)) return this;
      await pause(100);
    }
    throw new Error(`the server did not start:\n${this.#words}`);
  }

  /** `SIGKILL`: as a power cut, without a last word. */
  async stop(how: "SIGTERM" | "SIGKILL" = "SIGTERM"): Promise<void> {
    const child = this.#child;
    this.#child = null;
    if (!child || child.exitCode !== null) return;
    const ended = new Promise((resolve) => child.once("exit", resolve));
    child.kill(how);
    const hard = setTimeout(() => child.kill("SIGKILL"), 5_000);
    await ended;
    clearTimeout(hard);
  }

  async end(): Promise<void> {
    await this.stop();
    this.#port.free();
    rmSync(this.folder, { recursive: true, force: true });
  }

  manage(...words: string[]): string {
    return execFileSync(PYTHON, ["manage.py", ...words], { cwd: ROOT, encoding: "utf8" });
  }

  /** How many changes there are, but for what the server does by itself a minute after its start and once a day. */
  changes(): number {
    return Number(this.sql("SELECT COUNT(*) FROM change WHERE verb NOT IN ('backup.take', 'held.remind')")[0]?.[0]);
  }

  /** Rows of the server's own database, read by a connection beside it; with `values` it may also write. */
  sql(statement: string, ...values: (string | number)[]): unknown[][] {
    const code = "import sqlite3,sys,json\nd=sqlite3.connect(sys.argv[1],timeout=9)\n"
      + "r=d.execute(sys.argv[2],json.loads(sys.argv[3])).fetchall()\nd.commit()\nprint(json.dumps(r,default=str))";
    const told = execFileSync(PYTHON, ["-c", code, join(this.data, "xuncun.db"), statement, JSON.stringify(values)], { encoding: "utf8" });
    return JSON.parse(told) as unknown[][];
  }
}

/** Real photos of noise: (original of about `kb` kB, its preview) for each name; the same name gives the same bytes. */
export function pictures(names: readonly string[], kb = 300): Map<string, { original: Buffer; preview: Buffer }> {
  const code = `
import base64,io,json,random,sys
from PIL import Image
out={}
for name in json.loads(sys.argv[1]):
    side=int((int(sys.argv[2])*1024/0.8)**0.5)
    noise=Image.frombytes("RGB",(side,side),random.Random(name).randbytes(side*side*3))
    big,small=io.BytesIO(),io.BytesIO()
    noise.save(big,"JPEG",quality=85); noise.resize((96,96)).save(small,"JPEG",quality=40)
    out[name]=[base64.b64encode(x.getvalue()).decode() for x in (big,small)]
print(json.dumps(out))`;
  const told = execFileSync(PYTHON, ["-c", code, JSON.stringify(names), String(kb)], { encoding: "utf8", maxBuffer: 1e9 });
  const read = JSON.parse(told) as Record<string, [string, string]>;
  return new Map(Object.entries(read).map(([name, [big, small]]) => [name, { original: Buffer.from(big, "base64"), preview: Buffer.from(small, "base64") }]));
}

export const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Until it holds; fails with the words. Patient: the machine may have others to serve. */
export async function until(what: string | (() => string), holds: () => boolean | Promise<boolean>, ms = Number(process.env.TABLET_PATIENCE ?? 60_000)): Promise<void> {
  const end = Date.now() + ms;
  while (Date.now() < end) {
    if (await holds()) return;
    await pause(25);
  }
  throw new Error(`waited in vain: ${typeof what === "string" ? what : what()}`);
}

/** A port that stays ours while the server is down: a process has it, bound and never listening, until we end. */
class Port {
  #holder: ChildProcess | null = null;

  held(): Promise<number> {
    const code = "import socket,sys\ns=socket.socket()\ns.setsockopt(socket.SOL_SOCKET,socket.SO_REUSEADDR,1)\n"
      + "s.bind(('127.0.0.1',0))\nprint(s.getsockname()[1],flush=True)\nsys.stdin.read()";
    const holder = (this.#holder = spawn(PYTHON, ["-c", code]));
    return new Promise((resolve, reject) => {
      holder.once("error", reject);
      holder.stdout.once("data", (text: Buffer) => resolve(Number(text.toString())));
    });
  }

  free(): void {
    this.#holder?.kill();
  }
}
