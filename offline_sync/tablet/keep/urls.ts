/** Addresses of pictures for screens, made once, given up when they are many: memory stays flat over any number of photos.
 *
 * A screen that still shows a picture whose address was given up keeps it; only a new reading asks again.
 */
const MOST = { previews: 160, originals: 6 }; // about 4 MB and 3 MB

export class Urls {
  #previews = new Map<string, Promise<string | null>>();
  #originals = new Map<string, Promise<string | null>>();

  /** The address under this name; `read` brings the bytes (JPEG) when there is none yet. Null is not remembered. */
  of(name: string, preview: boolean, read: () => Promise<ArrayBuffer | null>): Promise<string | null> {
    const urls = preview ? this.#previews : this.#originals;
    const there = urls.get(name) ?? made(read);
    urls.delete(name);
    urls.set(name, there); // the last asked for goes last
    const forget = (): void => void (urls.get(name) === there && urls.delete(name));
    there.then((url) => url ?? forget(), forget);
    this.#trim(urls, preview ? MOST.previews : MOST.originals);
    return there;
  }

  clear(): void {
    this.#trim(this.#previews, 0);
    this.#trim(this.#originals, 0);
  }

  #trim(urls: Map<string, Promise<string | null>>, most: number): void {
    for (const [name, url] of [...urls].slice(0, Math.max(0, urls.size - most))) {
      urls.delete(name);
      url.then((old) => old && URL.revokeObjectURL(old), () => undefined);
    }
  }
}

async function made(read: () => Promise<ArrayBuffer | null>): Promise<string | null> {
  const bytes = await read();
  return bytes && URL.createObjectURL(new Blob([bytes], { type: "image/jpeg" }));
}
