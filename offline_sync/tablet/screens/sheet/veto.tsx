/** 一票否决: what was seen, and the second inspector who confirms it. The office has the last word. */
import { useState } from "preact/hooks";
import { Button } from "../../parts/button";
import { Dialog } from "../../parts/dialog";
import { useScratch } from "../../parts/scratch";
import type { Item } from "../../rules/checklist";
import { useDesk, useSheet } from "./hooks";
import { Picks } from "./picks";

/** Where the words of a veto lie until it is raised, and after it was taken back. */
export const vetoWords = (inspection: string, item: string): string => `${inspection} ${item} veto`;

export function Veto({ item }: { item: Item }) {
  const { model } = useDesk();
  const veto = useSheet((one) => one.answer(item.code)?.veto ?? null);
  const [open, setOpen] = useState(false);
  // What the veto alone had filled in is open again: nobody said that nothing was found.
  const takeBack = () => {
    const answer = model.answer(item.code);
    const bare = !answer?.findings.length && !Object.values(answer?.counts ?? {}).some(Boolean);
    model.change(item.code, { veto: null, ...(bare ? { counts: null } : {}) });
  };
  return (
    <section class={`veto ${veto ? "veto-on" : ""}`} aria-label="一票否决">
      <p><b>一票否决：</b>{item.veto_condition}</p>
      {veto && <p><b>已提出</b>：{veto.text || "没有写明情况"}。{veto.second ? `${model.about.names.get(veto.second) ?? "第二名检查员"}已确认` : "还没有第二名检查员确认"}。</p>}
      <div class="btns">
        <Button onClick={() => setOpen(true)}>{veto ? "修改" : "提出一票否决…"}</Button>
        {veto && <Button kind="quiet" onClick={takeBack}>撤回</Button>}
      </div>
      {open && <VetoDialog item={item} onClose={() => setOpen(false)} />}
    </section>
  );
}

function VetoDialog({ item, onClose }: { item: Item; onClose: () => void }) {
  const { model } = useDesk();
  const before = model.answer(item.code)?.veto;
  const [text, setText, written] = useScratch(vetoWords(model.draft.inspection, item.code), before?.text);
  const [second, setSecond] = useState(before?.second ?? null);
  const others = model.draft.inspectors.slice(1).map((id) => ({ value: id, words: model.about.names.get(id) ?? "另一名检查员" }));
  const done = () => {
    const counts = item.scoring.kind === "deduct" ? { counts: model.answer(item.code)?.counts ?? {} } : {};
    model.change(item.code, { veto: { text: text.trim(), second }, ...counts });
    written();
    onClose();
  };
  return (
    <Dialog title={`${item.code} 一票否决`} onClose={onClose} actions={<Button kind="main" disabled={!text.trim()} onClick={done}>提出一票否决</Button>}>
      <div class="stack-wide">
        <p>{item.veto_condition}</p>
        <label class="field"><span class="field-label">现场看到的情况</span>
          <textarea maxLength={600} value={text} onInput={(event) => setText(event.currentTarget.value)} />
        </label>
        {others.length
          ? <Picks name="第二名检查员在场确认" choices={others} chosen={second} onChoose={(id) => setSecond(id === second ? null : id)} />
          : <p class="note note-amber">这次检查只有您一名检查员，一票否决提出后等待区级办公室确认。</p>}
        <p class="muted">生效后当次等级为“不合格”，得分照实保留，由区级办公室审定。</p>
      </div>
    </Dialog>
  );
}
