/** Where one is on the sheet: sections with what is left, the items of the one that is open. */
import { useEffect, useRef } from "preact/hooks";
import { Icon } from "../../parts/icons";
import type { Item, Section } from "../../rules/checklist";
import { shortCode } from "../../rules/words";
import { useDesk, useSheet } from "./hooks";

interface Props { at: Item; drawn: boolean } // `drawn`: the item itself stands, its surroundings follow

/** Wide screens: a column, the open section with its items' own words. */
export function LeftColumn({ at, drawn }: Props) {
  const { model } = useDesk();
  if (!drawn) return <nav class="left" />;
  return (
    <nav class="left" aria-label="检查大类">
      {model.checklist.sections.map((section) => (
        <div key={section.code} class="left-part">
          <SectionButton section={section} open={section.code === at.section} />
          {section.code === at.section && section.items.map((item) => <ItemButton key={item.code} item={item} here={item.code === at.code} wide />)}
        </div>
      ))}
      <Ways />
    </nav>
  );
}

/** Narrow screens: two strips, sections above, the open one's items by number below. */
export function TopStrips({ at, drawn }: Props) {
  const { model } = useDesk();
  if (!drawn) return <nav class="strips" />;
  const section = model.checklist.sections.find((one) => one.code === at.section);
  return (
    <nav class="strips" aria-label="检查大类">
      <div class="strip-line">
        {model.checklist.sections.map((one) => <SectionButton key={one.code} section={one} open={one.code === at.section} />)}
        <Ways />
      </div>
      <div class="strip-line strip-items">
        {section?.items.map((item) => <ItemButton key={item.code} item={item} here={item.code === at.code} />)}
      </div>
    </nav>
  );
}

/** After the sections: a second tablet's help, and the end. */
function Ways() {
  const { finish, partner } = useDesk();
  const ready = useSheet((model) => !model.unfilled);
  return (
    <div class="ways">
      <button type="button" class="sec" onClick={partner}><span class="sec-name">协助取证</span><Icon name="scan" size={20} /></button>
      <button type="button" class={`sec ${ready ? "sec-ready" : ""}`} onClick={finish}><span class="sec-name">签字完成</span><Icon name="go" size={20} /></button>
    </div>
  );
}

function SectionButton({ section, open }: { section: Section; open: boolean }) {
  const { model, show } = useDesk();
  const left = useSheet((one) => one.left(section.code));
  const box = useInView(open);
  const first = () => section.items.find((item) => model.needsOf(item.code).some((need) => need.kind === "unfilled")) ?? section.items[0];
  const done = left.of - left.open;
  return (
    <button ref={box} type="button" class="sec" aria-current={open ? "true" : undefined} onClick={() => { const item = first(); if (item && !open) show(item.code); }}>
      <span class="sec-name">{section.name}</span>
      {left.open || !left.of
        ? <span class="sec-left">{done}/{left.of}</span>
        : <span class={`sec-left ${left.needs ? "sec-needs" : "sec-done"}`}>{left.needs ? `缺 ${left.needs}` : <Icon name="tick" size={20} />}</span>}
    </button>
  );
}

type Mark = "open" | "full" | "lost" | "na" | "auto" | "needs";

function ItemButton({ item, here, wide }: { item: Item; here: boolean; wide?: boolean }) {
  const { show } = useDesk();
  const mark = useSheet((one): Mark => {
    const earned = one.earned(item.code);
    const needs = one.needsOf(item.code).filter((need) => need.weight !== "note");
    if (item.auto) return "auto";
    if (needs.some((need) => need.kind === "unfilled")) return "open";
    if (needs.length) return "needs";
    if (!earned || earned.na) return "na";
    return earned.points.n < earned.weight.n ? "lost" : "full";
  });
  const box = useInView(here);
  return (
    <button ref={box} type="button" class={`it it-${mark}`} aria-current={here ? "true" : undefined}
      aria-label={wide ? undefined : `${item.code} ${MARKS[mark]}`} onClick={() => show(item.code)}>
      <span class="it-code">{shortCode(item.code)}</span>
      {wide && <span class="it-words">{item.text}</span>}
      <ItemMark mark={mark} />
    </button>
  );
}

const MARKS: Record<Mark, string> = { open: "未填", full: "满分", lost: "有扣分", na: "不适用", auto: "系统计算", needs: "有缺项" };
const SIGNS: Record<Mark, string> = { open: "", full: "", lost: "扣", na: "—", auto: "自动", needs: "缺" };

function ItemMark({ mark }: { mark: Mark }) {
  return <span class="it-mark" title={MARKS[mark]}>{mark === "full" ? <Icon name="tick" size={18} /> : SIGNS[mark]}</span>;
}

/** Keeps what is open in view of its strip or column, without moving the page. */
function useInView(here: boolean) {
  const box = useRef<HTMLButtonElement>(null);
  useEffect(() => {
    if (here) box.current?.scrollIntoView({ block: "nearest", inline: "center" });
  }, [here]);
  return box;
}
