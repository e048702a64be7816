/** The tablet's screens: who is here decides which, the hash decides where. */
import { useState } from "preact/hooks";
import type { Known, Tablet } from "../tablet";
import { TabletContext, useLive, useNow } from "../parts/hooks";
import { Loading } from "../parts/bits";
import { lazily } from "../parts/lazy";
import { useRoute } from "../parts/route";
import { readEvidenceLink } from "../rules/links";
import { restoreTheme } from "../parts/theme";
import { Sheet } from "./ahead";
import { gate } from "./gates";
import { CardPage, Cards } from "./cards";
import { Expired } from "./expired";
import { FirstSync } from "./first-sync";
import { Home } from "./home";
import { Outbox } from "./outbox";
import { Password } from "./password";
import { ScanPage } from "./scan";
import { Settings } from "./settings";
import { SignIn } from "./sign-in";
import { Enrol } from "./enrol";
import { TaskPage } from "./task";
import { Tasks } from "./tasks";
import { Village } from "./village";

const Rescue = lazily(() => import("./rescue").then((one) => one.Rescue));
const LeftDrafts = lazily(() => import("./left-drafts").then((one) => one.LeftDrafts));
const Evidence = lazily(() => import("./evidence").then((one) => one.Evidence));

restoreTheme();

export function App({ tablet }: { tablet: Tablet }) {
  return (
    <TabletContext.Provider value={tablet}>
      <Doors />
    </TabletContext.Provider>
  );
}

function Doors() {
  const [place = "", id = "", more = ""] = useRoute();
  const person = useLive(["people"], async (tablet) => ({ current: await tablet.people.current() }));
  const closed = gate();
  if (closed) return closed;
  const ticket = /^enrol=(.+)$/.exec(place)?.[1];
  if (ticket) return <Enrol ticket={ticket} />;
  if (place === "enrol") return <ScanPage wants="enrol" />;
  if (place === "rescue") return <Rescue />; // whoever is signed in or not, and whatever became of the session
  if (place === "left") return <LeftDrafts key={id} person={id} />;
  if (place === "sign-in") return <SignIn name={id} />;
  if (!person.value) return <Loading words="正在打开…" />;
  const who = person.value.current;
  if (!who) return <SignIn name="" />;
  if (place === "password") return <Password who={who} />;
  return <Inside key={who.id} who={who} place={place} id={id} more={more} />;
}

/** Everything behind the sign-in. One's own work stays in reach whatever became of the server's rows. */
function Inside({ who, place, id, more }: { who: Known; place: string; id: string; more: string }) {
  const now = useNow();
  const ready = useLive(["rows", "sync"], (tablet) => tablet.rows.complete());
  const [early, setEarly] = useState(false);
  if (place === "outbox") return <Outbox />;
  if (place === "settings") return <Settings />;
  if (place === "visit") return <Sheet key={id} inspection={id} part={more} />;
  if (place === "evidence") return <Evidence link={readEvidenceLink(location.hash)} />;
  if (!who.signed_in || Date.parse(who.offline_until) < now) return <Expired who={who} />;
  if (ready.value === null && !ready.trouble) return <Loading />;
  if (!ready.value && !early) return <FirstSync onUse={() => setEarly(true)} />;
  if (place === "village") return <Village key={id} code={id} />;
  if (place === "tasks") return <Tasks />;
  if (place === "task") return <TaskPage key={id} id={id} />;
  if (place === "cards") return <Cards />;
  if (place === "card") return <CardPage key={id} id={id} />;
  if (place === "scan") return <ScanPage wants="village" />;
  return <Home who={who} />;
}
