/** 作废: the office takes a visit out of every count; its village can be visited again. */
import { Field, Note, TroubleCard } from "../parts/bits";
import { Button } from "../parts/button";
import { Dialog } from "../parts/dialog";
import { useAct, useTablet } from "../parts/hooks";
import { useScratch } from "../parts/scratch";
import type { VoidArgs } from "../wire";
import type { PastVisit } from "./village-data";

export function VoidDialog({ visit: { row, checklist }, village, onClose }: { visit: PastVisit; village: string; onClose: () => void }) {
  const tablet = useTablet();
  const act = useAct();
  const [reason, setReason, written] = useScratch(`${row.id} void`);
  const hand = async () => {
    const args: VoidArgs = { inspection: row.id, reason: reason.trim() };
    const about = { kind: "inspection", id: row.id, village: row.village, title: `${village} ${checklist}` } as const;
    if (!(await act.run(() => tablet.outbox.add({ verb: "inspection.void", args, photos: [], about })))) return;
    written();
    onClose();
  };
  return (
    <Dialog title="作废这次检查" onClose={onClose} actions={
      <>
        <Button onClick={onClose}>取消</Button>
        <Button kind="main" busy={act.busy} disabled={!reason.trim()} onClick={() => void hand()}>作废</Button>
      </>
    }>
      <div class="stack">
        <p>作废后分数不再计入，这个村在本批次可以重新检查；检查记录和照片都留存。</p>
        <Note>未签收的任务随之撤销，已签收的任务标注“依据已撤”，由镇街决定。</Note>
        <Field label="作废原因"><textarea rows={3} maxLength={600} value={reason} onInput={(event) => setReason(event.currentTarget.value)} /></Field>
        {act.trouble && <TroubleCard trouble={act.trouble} />}
      </div>
    </Dialog>
  );
}
