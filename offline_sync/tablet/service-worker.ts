/** The shell without network: every file of one build from one cache named by the build, nothing else.
 *
 * Reads only; never /api. A new build waits until a page tells it to take over (updates.ts), so that nobody's screen
 * is changed under their hands. Names carry hashes: a file that another build has kept is the same file.
 */
const worker = self as unknown as ServiceWorkerGlobalScope;
const CACHE = `xuncun-${BUILD}`;
const OURS = /^xuncun-([\d.]+-)?[0-9a-f]{8}$/; // the first builds were named by their hash alone
const SCOPE = "/tablet/";
const SCRIPT = "/tablet/sw.js";

worker.addEventListener("install", (event) => event.waitUntil(gather()));
worker.addEventListener("activate", (event) => event.waitUntil(takeOver()));
worker.addEventListener("message", (event) => {
  if (event.data === "take-over") event.waitUntil(worker.skipWaiting());
});
worker.addEventListener("fetch", (event) => {
  const { request } = event;
  const url = new URL(request.url);
  if (request.method !== "GET" || url.origin !== worker.location.origin) return;
  if (!url.pathname.startsWith(SCOPE) || url.pathname === SCRIPT) return;
  if (request.mode === "navigate") event.respondWith(kept(SHELL, request));
  else if (FILES.includes(url.pathname)) event.respondWith(kept(url.pathname, request));
});

/** All files or none: a build that lacks one never takes over. What was fetched stays for the next try. */
async function gather(): Promise<void> {
  const cache = await caches.open(CACHE);
  const here = new Set((await cache.keys()).map((request) => new URL(request.url).pathname));
  await Promise.all(FILES.filter((file) => !here.has(file)).map((file) => add(cache, file)));
}

async function add(cache: Cache, file: string): Promise<void> {
  const answer = (await caches.match(file)) ?? (await fetch(file));
  if (!answer.ok || answer.redirected) throw new Error(`${file}: ${answer.status}`);
  await cache.put(file, answer);
}

async function takeOver(): Promise<void> {
  for (const name of await caches.keys()) if (OURS.test(name) && name !== CACHE) await caches.delete(name);
  await worker.clients.claim(); // the page that was open before there was a worker
}

/** From this build's cache; from the network only where the browser has thrown the cache away. */
async function kept(file: string, request: Request): Promise<Response> {
  const cache = await caches.open(CACHE);
  return (await cache.match(file)) ?? fetch(request);
}
