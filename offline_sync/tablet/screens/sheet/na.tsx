/** 不适用: with a reason, because it leaves the base. */
import { useState } from "preact/hooks";
import { Note } from "../../parts/bits";
import { Button } from "../../parts/button";
import { Dialog } from "../../parts/dialog";
import { keepWords } from "../../parts/scratch";
import type { Item } from "../../rules/checklist";
import { leftOut, naReason, takenUp } from "../../rules/clearing";
import { plain } from "../../rules/decimal";
import { NA_REASONS } from "../../rules/words";
import { useDesk, useSheet } from "./hooks";
import { Reasons } from "./reasons";
import { vetoWords } from "./veto";

export function NaDialog({ item, onClose }: { item: Item; onClose: () => void }) {
  const { model } = useDesk();
  const answer = model.answer(item.code);
  const veto = answer?.veto ?? null;
  const [reason, setReason] = useState(answer?.na ? naReason(answer.note) : "");
  const done = () => {
    if (veto) keepWords(vetoWords(model.draft.inspection, item.code), veto.text); // to be raised again by one tap
    model.change(item.code, leftOut(item, model.open.answers.get(item.code), reason));
    onClose();
  };
  const words = veto ? "撤回一票否决，记为不适用" : "记为不适用";
  return (
    <Dialog title={`${item.code} 不适用`} onClose={onClose} actions={<Button kind="main" disabled={!reason.trim()} onClick={done}>{words}</Button>}>
      <div class="stack">
        {veto && <Note kind="amber">本项已提出一票否决：“{veto.text || "没有写明情况"}”。不适用的项不能一票否决，记为不适用就撤回；写下的情况会留着，改为适用后可以再提出。</Note>}
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
        <Button onClick={() => model.change(item.code, takenUp(model.open.answers.get(item.code)))}>改为适用</Button>
      </div>
    </div>
  );
}
