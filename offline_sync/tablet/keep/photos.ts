/** Photos taken here: developed by the camera's part, kept as bytes with preview and facts in one strict write. */
import type { Photo, Position } from "../model";
import { newId } from "../rules/ids";
import { type Pictures, Trouble } from "../tablet";
import { now } from "./clock";
import { bytesOf, previewOf } from "./photo-news";
import { plainPhotos, removePhotos } from "./photo-store";
import type { PhotoKept } from "./shapes";
import type { Mine, Shelf } from "./shelf";
import { Urls } from "./urls";

type Wanted = Parameters<Pictures["take"]>[1];

/** A photo as the camera's part hands it over (camera/develop.ts). */
export interface Developed {
  bytes: ArrayBuffer;
  preview: ArrayBuffer | null;
  sha256: string;
  mime: string;
  width: number;
  height: number;
  taken_at: string;
  position: Position | null;
  whole?: true;
}
export type Develop = (file: Blob, wanted: Wanted) => Promise<Developed>;

export class KeptPictures implements Pictures {
  #urls = new Urls();
  #urlsOf: string | null = null;
  #turn: Promise<unknown> = Promise.resolve();
  #making = 0;

  /** `room`: raises storage_full when no more photos may be taken. */
  constructor(
    private readonly shelf: Shelf, private readonly develop: Develop, private readonly room: () => Promise<void>,
  ) {}

  /** One at a time, so that memory holds one large picture at most. */
  take(file: Blob, wanted: Wanted): Promise<Photo> {
    const mine = this.shelf.mine(); // whose photo it is, is settled by the tap
    const taken = this.#turn.then(async () => this.#keep((await mine).core, file, wanted));
    this.#count(1);
    this.#turn = taken.catch(() => undefined).finally(() => this.#count(-1));
    return taken;
  }

  get making(): number {
    return this.#making;
  }

  #count(more: number): void {
    this.#making += more;
    this.shelf.live.tell("photos");
  }

  async settled(): Promise<void> {
    await this.#turn;
  }

  async url(sha256: string, preview: boolean): Promise<string | null> {
    const { person, core, cache } = await this.shelf.mine();
    if (this.#urlsOf !== person) this.#urls.clear();
    this.#urlsOf = person;
    return this.#urls.of(sha256, preview, async () => {
      if (!preview) return bytesOf(core, sha256);
      return (await previewOf(core, sha256))
        ?? (await cache.read(["previews"], (t) => t.get("previews", sha256)))?.bytes ?? bytesOf(core, sha256);
    });
  }

  async remove(id: string): Promise<void> {
    const { core } = await this.shelf.mine();
    await core.write(["photos", "bytes", "previews"], async (t) => {
      const photo = await t.get("photos", id);
      if (photo?.named) throw new Trouble("photo_sent", "这张照片已随记录提交，不能再删除。");
      if (photo) await removePhotos(t, [photo]);
    });
    this.shelf.live.tell("photos");
  }

  async of(about: Photo["about"]["kind"], id: string): Promise<Photo[]> {
    const { core } = await this.shelf.mine();
    return plainPhotos(await core.read(["photos"], (t) => t.all("photos", { index: "about", is: [about, id] })));
  }

  async loose(): Promise<Photo[]> {
    const { core } = await this.shelf.mine();
    const [photos, drafts] = await core.read(["photos", "drafts"], (t) => Promise.all([t.all("photos"), t.keys("drafts")]));
    const free = photos.filter(({ named, stored_at }) => named === null && !stored_at);
    return plainPhotos(free.filter(({ role, about }) => about.kind === "task" || (role === "scene" && !drafts.includes(about.id))));
  }

  async #keep(core: Mine["core"], file: Blob, { about, role, pairs, ...wanted }: Wanted): Promise<Photo> {
    if (role !== "signature") await this.room(); // a few kB without which no visit comes to its end
    const { bytes, preview, ...facts } = await this.develop(file, { about, role, pairs, ...wanted });
    const photo: PhotoKept = {
      id: newId(), ...facts, size: bytes.byteLength, pairs, role, about, stored_at: null, preview_sent: false,
      kept_at: now(), named: null,
    };
    await core.write(["photos", "bytes", "previews"], async (t) => {
      t.put("bytes", { sha256: photo.sha256, bytes });
      if (preview) t.put("previews", { sha256: photo.sha256, bytes: preview });
      t.put("photos", photo);
    });
    this.shelf.live.tell("photos");
    return plainPhotos([photo])[0]!;
  }
}
