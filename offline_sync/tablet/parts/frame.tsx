/** Every screen's frame: where one is, the way back, the two marks, the places, and room for the work. */
import type { ComponentChildren } from "preact";
import { TroubleCard } from "./bits";
import { useLive, useSync } from "./hooks";
import { Icon } from "./icons";
import type { IconName } from "./icons";
import { SavedMark, SendingMark } from "./marks";
import type { Saved } from "./marks";
import { readMissed, useMissed } from "./missed";
import { up } from "./route";

export type Place = "villages" | "tasks" | "outbox" | "me";

interface Props {
  title: string;
  sub?: ComponentChildren; // a short line under the title: town, checklist
  back?: string | (() => void); // where up leads; none at the four places
  place?: Place; // one of the four places: shows their bar
  saved?: Saved | undefined; // of the draft on the screen (an OpenDraft will do)
  fill?: boolean; // the screen divides its room itself (the sheet): no padding, no scrolling of the whole
  wide?: boolean; // two columns where there is room
  foot?: ComponentChildren; // what one does here, always in reach of the thumb
  children: ComponentChildren;
}

export function Frame({ title, sub, back, place, saved, fill, wide, foot, children }: Props) {
  const missed = useMissed();
  const shape = `frame ${place ? "frame-place" : ""} ${fill ? "frame-fill" : ""} ${wide ? "frame-wide" : ""}`;
  return (
    <div class={shape}>
      <header class="head">
        {back !== undefined && (
          <button type="button" class="head-back" aria-label="返回" onClick={() => (typeof back === "string" ? up(back) : back())}>
            <Icon name="back" />
          </button>
        )}
        <div class="head-title">
          <h1>{title}</h1>
          {sub && <p>{sub}</p>}
        </div>
        <a class="marks" href="#/outbox" title="查看待传">
          <SavedMark saved={saved} />
          <SendingMark />
        </a>
      </header>
      {place && <Places at={place} />}
      {missed && <div class="missed"><TroubleCard trouble={missed} again={readMissed} words="知道了" /></div>}
      <main class="body">{children}</main>
      {foot && <footer class="foot">{foot}</footer>}
    </div>
  );
}

const PLACES: readonly { at: Place; to: string; words: string; icon: IconName }[] = [
  { at: "villages", to: "#/", words: "村庄", icon: "villages" },
  { at: "tasks", to: "#/tasks", words: "任务", icon: "tasks" },
  { at: "outbox", to: "#/outbox", words: "待传", icon: "send" },
  { at: "me", to: "#/settings", words: "我的", icon: "person" },
];

function Places({ at }: { at: Place }) {
  const { waiting } = useSync();
  const cards = useLive(["rows"], async (tablet) => (await tablet.rows.all("card")).filter((card) => !card.dismissed).length);
  const count: Partial<Record<Place, number>> = { outbox: waiting, me: cards.value ?? 0 };
  return (
    <nav class="places" aria-label="主要页面">
      {PLACES.map((place) => (
        <a key={place.at} class="place" href={place.to} aria-current={place.at === at ? "page" : undefined}>
          <Icon name={place.icon} />
          <span>{place.words}</span>
          {!!count[place.at] && <b class="place-count">{count[place.at]}</b>}
        </a>
      ))}
    </nav>
  );
}
