/** 更正: why the sheet is put right, and leaving it as it was. */
import { useState } from "preact/hooks";
import { Note, Part, TroubleCard } from "../../parts/bits";
import { Button } from "../../parts/button";
import { useAct, useTablet } from "../../parts/hooks";
import { replace } from "../../parts/route";
import { AMEND_REASONS } from "../../rules/words";
import { useDesk, useSheet } from "./hooks";
import { Reasons } from "./reasons";

export function AmendReason() {
  const { model } = useDesk();
  const amends = useSheet((one) => one.draft.amends);
  if (!amends) return null;
  return (
    <Part title="为什么更正">
      <Reasons label="更正原因" choices={AMEND_REASONS} value={amends.reason} most={600} onValue={(reason) => model.amend({ reason })} />
      <LeaveIt />
    </Part>
  );
}

/** 放弃更正: the visit stays as it was handed in. */
function LeaveIt() {
  const tablet = useTablet();
  const { model } = useDesk();
  const act = useAct();
  const [sure, setSure] = useState(false);
  const { inspection, village } = model.draft;
  const leave = () => act.run(async () => {
    await tablet.pictures.settled();
    await tablet.drafts.discard(inspection);
    replace(`/village/${village}`);
  });
  if (!sure) return <div class="btns amend-leave"><Button kind="quiet" onClick={() => setSure(true)}>放弃更正</Button></div>;
  return (
    <Note>
      <p>已提交的检查保持原样；这次更正里改的内容和新拍的照片会删除。</p>
      <div class="btns">
        <Button busy={act.busy} onClick={() => void leave()}>确定放弃</Button>
        <Button kind="quiet" onClick={() => setSure(false)}>接着更正</Button>
      </div>
      {act.trouble && <TroubleCard trouble={act.trouble} />}
    </Note>
  );
}
