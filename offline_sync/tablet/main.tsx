/** Puts the tablet together and shows it. */
import { render } from "preact";
import { develop } from "./camera/develop";
import { whereNow } from "./camera/where";
import { inHand } from "./in-hand";
import { KeptDrafts } from "./keep/drafts";
import { makeOutbox } from "./keep/outbox";
import { carryTowns, townsHeld } from "./keep/pages";
import { KeptPictures } from "./keep/photos";
import { makeRows } from "./keep/rows";
import { Shelf } from "./keep/shelf";
import { askToPersist, roomForPhotos, storageState } from "./keep/space";
import { DeviceStores } from "./keep/stores";
import type { Core } from "./keep/store";
import { openLive } from "./live";
import { App } from "./screens/app";
import { DraftBackups } from "./sync/backups";
import { commandOf } from "./sync/batches";
import { Engine } from "./sync/engine";
import { Link } from "./sync/link";
import { photoLink } from "./sync/photo-link";
import { Sessions } from "./sync/sessions";
import type { Tablet } from "./tablet";
import { keepCurrent } from "./updates";

/** What the browser says of the machine it runs on: "Linux; Android 12; SCMR-W09". */
const platform = (/\(([^)]*)\)/.exec(navigator.userAgent)?.[1] ?? navigator.userAgent).slice(0, 80);

const live = openLive();
const shelf = new Shelf(live);
shelf.warm().catch(() => undefined); // nobody signed in, or a trouble that whoever reads will tell
const stores = new DeviceStores(shelf);
const link = new Link(location.origin);
const engine = new Engine({ stores, link, live, build: BUILD, platform, calm_ms: 700, storage: () => storageState() });

const drafts = new KeptDrafts(shelf);
const around = { shelf, build: BUILD, platform, command: commandOf, open: (core: Core) => drafts.inMemory(core) };

const tablet: Tablet = inHand({
  live,
  people: new Sessions(stores, link, live, { label: platform.split(";").at(-1)?.trim() ?? "", platform, build: BUILD }, engine),
  rows: makeRows(shelf),
  drafts,
  pictures: new KeptPictures(shelf, develop, roomForPhotos),
  outbox: makeOutbox(shelf),
  sync: engine,
  backups: new DraftBackups(stores, link, live),
  rescue: {
    weigh: async (person) => (await import("./keep/rescue")).weigh(around, person),
    look: async (person) => (await import("./keep/look")).look(shelf, person),
    make: async (person, words, tell) => (await import("./keep/rescue")).make(around, person, words, tell),
  },
  towns: {
    chosen: async () => townsHeld((await shelf.mine()).cache),
    choose: async (codes) => {
      await carryTowns((await shelf.mine()).cache, codes);
      live.tell("rows");
      engine.now();
    },
  },
  storage: { state: () => storageState() },
  photoLink,
  where: { now: (timeout_ms) => whereNow(timeout_ms) },
  build: BUILD,
});

const place = document.getElementById("app");
if (!place) throw new Error("the page has no place for the app");
place.textContent = "";
render(<App tablet={tablet} />, place);
engine.start();
void askToPersist().then(() => live.tell("storage"));
// Nothing here may keep the app from standing: without a worker it works as long as there is a network.
keepCurrent(live, () => engine.state.last_ok).catch((error: unknown) => console.warn(error));
