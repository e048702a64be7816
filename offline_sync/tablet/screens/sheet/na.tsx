/** 不适用: with a reason, because it leaves the base. */
import { useState } from "preact/hooks";
import { Button } from "../../parts/button";
import { Dialog } from "../../parts/dialog";
import type { Item } from "../../rules/checklist";
import { plain } from "../../rules/decimal";
import { NA_REASONS } from "../../rules/words";
import { useDesk, useSheet } from "./hooks";
import { Reasons } from "./reasons";

export function NaDialog({ item, onClose }: { item: Item; onClose: () => void }) {
  const { model } = useDesk();
  const answer = model.answer(item.code);
  const [reason, setReason] = useState(answer?.na ? answer.note : "");
  const done = () => {
    // A draw is told by the note: with the reason in its place it could not be repeated, so it goes.
    const homes = item.scoring.kind === "sample" ? { drawn: null, failed: null } : {};
    model.change(item.code, { na: true, note: reason.trim(), veto: null, ...homes });
    onClose();
  };
  return (
    <Dialog title={`${item.code} 不适用`} onClose={onClose} actions={<Button kind="main" disabled={!reason.trim()} onClick={done}>记为不适用</Button>}>
      <div class="stack">
        <p>这 {plain(item.weight)} 分不计入总分，其余各项按比例折算。不适用合计超过 {plain(model.checklist.na_limit)} 分须区级办公室确认。</p>
        <Reasons label="为什么不适用" choices={NA_REASONS} value={reason} onValue={setReason} />
      </div>
    </Dialog>
  );
}

export function NaBanner({ item, onEdit }: { item: Item; onEdit: () => void }) {
  const { model } = useDesk();
  const note = useSheet((one) => one.answer(item.code)?.note ?? "");
  return (
    <div class="note stack">
      <p><b>不适用</b>：{note || "没有写原因"}</p>
      <div class="btns">
        <Button onClick={onEdit}>改原因</Button>
        <Button onClick={() => model.change(item.code, { na: false, note: "" })}>改为适用</Button>
      </div>
    </div>
  );
}
