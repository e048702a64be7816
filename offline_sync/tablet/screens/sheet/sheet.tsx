/** The sheet: one item at a time, the sections beside or above it, the score and what is left always in their place. */
import { useEffect, useMemo, useReducer, useState } from "preact/hooks";
import { Loading, TroubleCard } from "../../parts/bits";
import { Frame } from "../../parts/frame";
import { go, up } from "../../parts/route";
import { Done } from "./done";
import { Finish } from "./finish";
import { type Desk, DeskContext, useDrawn } from "./hooks";
import { ItemPane } from "./item";
import { LeftColumn, TopStrips } from "./left";
import type { SheetModel } from "./model";
import { prepareSheet, useOpenSheet } from "./open";
import { PartnerDialog } from "./partner";
import type { Trouble } from "../../tablet";
import { Tally } from "./tally";
import { useWide } from "./wide";

export { prepareSheet };

/** `#/visit/<inspection>`, `…/finish`, `…/done`. */
export function Sheet({ inspection, part }: { inspection: string; part: string }) {
  if (part === "done") return <Done inspection={inspection} />;
  return <OpenedSheet inspection={inspection} finishing={part === "finish"} />;
}

function OpenedSheet({ inspection, finishing }: { inspection: string; finishing: boolean }) {
  const [turn, again] = useReducer<number, void>((n) => n + 1, 0);
  const { model, trouble } = useOpenSheet(inspection, turn);
  if (trouble?.code === "draft_gone") return <Done inspection={inspection} />;
  if (trouble) return <Frame title="检查表" back="/"><TroubleCard trouble={trouble} /></Frame>;
  if (!model) return <Later><Frame title="检查表" back="/" fill><Loading /></Frame></Later>;
  return <Filled model={model} finishing={finishing} reopen={again} />;
}

/** What takes no time shows no sign of taking it. */
function Later({ children }: { children: preact.ComponentChildren }) {
  const [late, turn] = useReducer<boolean, void>(() => true, false);
  useEffect(() => {
    const timer = setTimeout(turn, 100);
    return () => clearTimeout(timer);
  }, []);
  return late ? <>{children}</> : null;
}

function Filled({ model, finishing, reopen }: { model: SheetModel; finishing: boolean; reopen: () => void }) {
  const path = `/visit/${model.draft.inspection}`;
  const [place, setPlace] = useState(() => ({ item: firstItem(model), finding: null as string | null }));
  const [partner, setPartner] = useState(false); // here, so that it outlives a turn of the tablet: it is held out to somebody
  const desk = useMemo<Desk>(() => ({
    model,
    show: (item, finding = null) => {
      setPlace({ item, finding });
      if (model.open.draft.at_item !== item) model.open.set({ at_item: item });
      if (location.hash !== `#${path}`) up(path);
    },
    finish: () => go(`${path}/finish`),
    partner: () => setPartner(true),
  }), [model, path]);
  const inside = useMemo(
    () => (finishing ? <Finish path={path} /> : <Filling item={place.item} finding={place.finding} model={model} />),
    [finishing, place, model, path],
  );
  return (
    <DeskContext.Provider value={desk}>
      <Marked model={model} finishing={finishing} path={path} reopen={reopen}>{inside}</Marked>
      {partner && <PartnerDialog onClose={() => setPartner(false)} />}
    </DeskContext.Provider>
  );
}

interface MarkedProps { model: SheetModel; finishing: boolean; path: string; reopen: () => void; children: preact.ComponentChildren }

/** The frame hears of every save; what stands inside it does not. */
function Marked({ model, finishing, path, reopen, children }: MarkedProps) {
  const { open, about } = model;
  const [, turn] = useReducer<number, void>((n) => n + 1, 0);
  useEffect(() => {
    let last = marks(open);
    return open.on(() => {
      const now = marks(open);
      if (now !== last) turn();
      last = now;
    });
  }, [open]);
  const { village } = model.draft;
  return (
    <Frame title={about.village} sub={`${model.draft.amends ? "更正 · " : ""}${about.checklist.title} · ${about.round}`} fill={!finishing}
      back={finishing ? path : `/village/${village}`} saved={{ saving: open.saving, savedAt: open.savedAt, trouble: open.trouble }}>
      {open.trouble && <div class="sheet-trouble"><Stuck trouble={open.trouble} flush={() => open.flush()} reopen={reopen} /></div>}
      {children}
    </Frame>
  );
}

/** Another window took the sheet over: it can be taken back. What could not be written can be tried again. */
function Stuck({ trouble, flush, reopen }: { trouble: Trouble; flush: () => Promise<void>; reopen: () => void }) {
  if (trouble.code === "draft_gone") return <TroubleCard trouble={trouble} />;
  if (trouble.code === "draft_elsewhere") return <TroubleCard trouble={trouble} again={reopen} words="在这里接着填" />;
  return <TroubleCard trouble={trouble} again={() => void flush().catch(() => undefined)} />;
}

const marks = ({ saving, savedAt, trouble }: SheetModel["open"]): string => `${saving} ${savedAt} ${trouble?.code}`;

function Filling({ item: code, finding, model }: { item: string; finding: string | null; model: SheetModel }) {
  const wide = useWide();
  const drawn = useDrawn();
  const { items } = model.checklist;
  const n = Math.max(0, items.findIndex((one) => one.code === code));
  const item = items[n];
  if (!item) return null;
  return (
    <div class={wide ? "sheet sheet-wide" : "sheet"}>
      {wide ? <LeftColumn at={item} drawn={drawn} /> : <TopStrips at={item} drawn={drawn} />}
      <ItemPane item={item} at={finding} previous={items[n - 1] ?? null} next={items[n + 1] ?? null} />
      <Tally />
    </div>
  );
}

/** Where the person stood; else the first item that is open. */
function firstItem(model: SheetModel): string {
  const { items, by_code } = model.checklist;
  const stood = model.draft.at_item;
  if (stood && by_code.has(stood)) return stood;
  return (items.find((item) => !item.auto && !model.answer(item.code)) ?? items[0])?.code ?? "";
}
