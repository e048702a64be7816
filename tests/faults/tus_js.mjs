// tus-js-client as its makers ship it, on photos of a folder: node tus_js.mjs URL TOKEN WAY FOLDER
// WAY: plain (creation, then one PATCH), with-data (creation-with-upload), pieces (64 kB).
// Prints how many requests and tries it took; ends with 1 when a photo did not get through.
import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Upload } from "tus-js-client";

const [url, token, way, folder] = process.argv.slice(2);
const told = { photos: 0, requests: 0, tries: 0, seconds: 0 };
const ways = { plain: {}, "with-data": { uploadDataDuringCreation: true }, pieces: { chunkSize: 64 * 1024 } };
const begun = Date.now();
for (const name of readdirSync(folder).sort()) {
  const data = readFileSync(join(folder, name));
  const sha256 = createHash("sha256").update(data).digest("hex");
  await new Promise((done, fail) => {
    new Upload(data, {
      endpoint: `${url}/api/tus`, headers: { Authorization: `Bearer ${token}` }, metadata: { sha256, mime: "image/jpeg" },
      retryDelays: Array.from({ length: 60 }, () => 60), ...ways[way],
      onBeforeRequest: () => void (told.requests += 1),
      onShouldRetry: (error) => { told.tries += 1; const status = error.originalResponse?.getStatus() ?? 0; return status === 0 || status === 409 || status === 408 || status === 423 || status >= 500; },
      onSuccess: done, onError: fail,
    }).start();
  });
  told.photos += 1;
}
told.seconds = (Date.now() - begun) / 1000;
console.log(JSON.stringify(told));
