import assert from "node:assert/strict";
import { createServer, type IncomingMessage, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import { gunzipSync } from "node:zlib";
import { Backoff } from "../../offline_sync/tablet/sync/backoff";
import { Link, retryAfter } from "../../offline_sync/tablet/sync/link";

async function served<T>(answer: RequestListener, work: (link: Link) => Promise<T>): Promise<T> {
  const server = createServer(answer);
  await new Promise<void>((open) => server.listen(0, "127.0.0.1", open));
  try {
    return await work(new Link(`http://127.0.0.1:${(server.address() as AddressInfo).port}`));
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

async function body(request: IncomingMessage): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for await (const piece of request) pieces.push(piece as Buffer);
  return Buffer.concat(pieces);
}

test("an answer comes as it is, with the server's clock against ours", async () => {
  const theirs = Date.now() + 3_600_000;
  const told = await served((_, answer) => answer.end(JSON.stringify({ server_time: new Date(theirs).toISOString(), a: 1 })), async (link) => {
    const outcome = await link.call<{ a: number }>("POST", "/x", { json: {}, token: "t" });
    assert.ok(Math.abs((link.skew_ms ?? 0) - 3_600_000) < 2_000, String(link.skew_ms));
    return outcome;
  });
  assert.equal(told.kind === "ok" && told.body.a, 1);
});

test("a long body is packed, a short one is not, and both say who asks", async () => {
  const seen: { packed: boolean; text: string; who: string | undefined }[] = [];
  await served(async (request, answer) => {
    const packed = request.headers["content-encoding"] === "gzip";
    const raw = await body(request);
    seen.push({ packed, text: (packed ? gunzipSync(raw) : raw).toString(), who: request.headers.authorization });
    answer.end("{}");
  }, async (link) => {
    await link.call("POST", "/x", { json: { text: "村" }, token: "secret" });
    await link.call("POST", "/x", { json: { text: "村".repeat(2_000) }, token: "secret" });
  });
  assert.deepEqual(seen.map((one) => one.packed), [false, true]);
  assert.deepEqual(seen.map((one) => (JSON.parse(one.text) as { text: string }).text.length), [1, 2_000]);
  assert.deepEqual(seen.map((one) => one.who), ["Bearer secret", "Bearer secret"]);
});

test("a browser that cannot pack sends the body as it is", async () => {
  const there = globalThis.CompressionStream;
  Reflect.deleteProperty(globalThis, "CompressionStream");
  try {
    const length = await served(async (request, answer) => answer.end(JSON.stringify({ length: (await body(request)).length })),
      async (link) => link.call<{ length: number }>("POST", "/x", { json: "x".repeat(4_000) }));
    assert.equal(length.kind === "ok" && length.body.length, 4_002);
  } finally {
    globalThis.CompressionStream = there;
  }
});

test("a refusal keeps its code, its sentence and the time the server asks for", async () => {
  const told = await served((_, answer) => {
    answer.writeHead(429, { "Retry-After": "7", "Content-Type": "application/json" });
    answer.end(JSON.stringify({ error: "too_many", message: "请求过于频繁", more: 1 }));
  }, (link) => link.call("POST", "/x", { json: {} }));
  assert.deepEqual(told, {
    kind: "refused", status: 429, code: "too_many", sentence: "请求过于频繁", retry_ms: 7_000,
    body: { error: "too_many", message: "请求过于频繁", more: 1 },
  });
});

for (const [what, status, text] of [["a hotel's page", 200, "<html>login</html>"], ["a gateway", 502, "bad gateway"], ["half an answer", 200, '{"a":']] as const) {
  test(`${what} in between is not our server`, async () => {
    const told = await served((_, answer) => answer.writeHead(status).end(text), (link) => link.call("GET", "/x"));
    assert.equal(told.kind, "unreachable");
    assert.match(told.kind === "unreachable" ? told.sentence : "", /本机/);
  });
}

test("silence ends at its time, a dead port and a redirect at once, and being told to stop too", async () => {
  await served(() => undefined, async (link) => {
    const begun = Date.now();
    assert.equal((await link.call("GET", "/x", { limit_ms: 80 })).kind, "unreachable");
    const stop = new AbortController();
    setTimeout(() => stop.abort(), 50);
    assert.equal((await link.call("GET", "/x", { signal: stop.signal })).kind, "unreachable");
    assert.ok(Date.now() - begun < 20_000, "the link's own limit is longer");
  });
  assert.equal((await new Link("http://127.0.0.1:1").call("GET", "/x")).kind, "unreachable");
  const moved = await served((_, answer) => answer.writeHead(302, { Location: "http://127.0.0.1:1/" }).end(), (link) => link.call("GET", "/x"));
  assert.equal(moved.kind, "unreachable");
});

test("Retry-After is seconds or a date", () => {
  assert.equal(retryAfter("3"), 3_000);
  assert.equal(retryAfter(null), null);
  assert.equal(retryAfter("soon"), null);
  const date = retryAfter(new Date(Date.now() + 60_000).toUTCString()) ?? 0;
  assert.ok(date > 55_000 && date <= 60_000);
});

test("the waits double from 2 s to 5 min, spread, and begin anew after a success", () => {
  const most = new Backoff(() => 1);
  assert.deepEqual([1, 2, 3, 4, 5, 6, 7, 8, 9].map(() => most.failed() / 1000), [2, 4, 8, 16, 32, 64, 128, 256, 300]);
  most.succeeded();
  assert.equal(most.failed(), 2_000);
  assert.equal(new Backoff(() => 0).failed(), 1_000);
  assert.equal(new Backoff(() => 0).failed(90_000), 90_000);
  assert.equal(new Backoff(() => 1).failed(1e12), 3_600_000);
});
