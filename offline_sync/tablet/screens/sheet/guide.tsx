/** How to look at an item: one tap away, never over the page by hovering. */
import { Button } from "../../parts/button";
import { Dialog } from "../../parts/dialog";
import type { Item } from "../../rules/checklist";
import { daysWords } from "../../rules/words";
import { useDesk } from "./hooks";
import { severityName } from "../../rules/findings";

export function GuideDialog({ item, onClose }: { item: Item; onClose: () => void }) {
  const { model } = useDesk();
  const told: [string, string][] = [
    ["怎么查", item.guideline], ["怎么算", item.how],
    ["照片", item.photos_min ? `扣分时至少 ${item.photos_min} 张${item.gps ? "，开定位" : ""}` : "不要求"],
    ["整改", `${daysWords(item.deadline_days)}，${severityName(model.checklist, item.severity)}`],
    ["一票否决", item.veto_condition], ["牵头", item.lead_dept], ["依据", item.basis.join("；")],
  ];
  return (
    <Dialog title={`${item.code} 检查指引`} onClose={onClose} actions={<Button kind="main" onClick={onClose}>知道了</Button>}>
      <dl class="facts guide">
        {told.filter(([, words]) => words).map(([name, words]) => <><dt key={name}>{name}</dt><dd>{words}</dd></>)}
      </dl>
    </Dialog>
  );
}
