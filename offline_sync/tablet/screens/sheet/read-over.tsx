/** What will be handed in, section by section: where points were lost, with the words and photos that show it. */
import { Part } from "../../parts/bits";
import { type Picture, PhotoStrip } from "../../parts/photos";
import type { Item, Section } from "../../rules/checklist";
import { plain, sub } from "../../rules/decimal";
import { lostPoints, photosOf } from "../../rules/needs";
import type { ItemScore } from "../../rules/points";
import { ACTIONS } from "../../rules/words";
import { useDesk, useSheet } from "./hooks";

export function ReadOver() {
  const { model } = useDesk();
  return (
    <Part title="通读">
      <div class="rows read-over">{model.checklist.sections.map((section) => <SectionRead key={section.code} section={section} />)}</div>
    </Part>
  );
}

function SectionRead({ section }: { section: Section }) {
  const { model } = useDesk();
  const sums = useSheet((one) => one.score).sections.get(section.code);
  const open = useSheet((one) => one.left(section.code)).open;
  const told = section.items.filter((item) => {
    const earned = model.earned(item.code);
    const answer = model.answer(item.code);
    return answer && (answer.na || answer.veto || answer.findings.length > 0 || (earned && item.scoring.kind !== "bonus" && lostPoints(earned)));
  });
  return (
    <section class="read-part">
      <h3><span>{section.name}</span>{sums && sums.base.n > 0n && <span>{plain(sums.earned)} / {plain(sums.base)}</span>}</h3>
      {told.length ? told.map((item) => <ItemRead key={item.code} item={item} />) : !open && <p class="muted">没有扣分</p>}
      {open > 0 && <p class="soon">未填 {open} 项</p>}
    </section>
  );
}

/** `−2.5`; an item without a loss stands here for what was found on it. */
const lostWords = (earned: ItemScore): string => {
  const lost = sub(earned.weight, earned.points);
  return lost.n ? `−${plain(lost)}` : "不扣分";
};

function ItemRead({ item }: { item: Item }) {
  const { show } = useDesk();
  const answer = useSheet((one) => one.answer(item.code));
  const earned = useSheet((one) => one.earned(item.code));
  const photos = useSheet((one) => one.photosOf(item.code));
  if (!answer) return null;
  const pictures: Picture[] = answer.findings.flatMap((finding) => [
    ...photosOf(finding, photos, "before").map((photo) => ({ id: photo.id, sha256: photo.sha256, words: finding.place || finding.text || "照片" })),
    ...photosOf(finding, photos, "after").map((photo) => ({ id: photo.id, sha256: photo.sha256, words: "整改后", pairs: photo.pairs })),
  ]);
  return (
    <div class="read-item">
      <button type="button" class="read-line" onClick={() => show(item.code)}>
        <span class="read-code">{item.code}</span>
        <span class="read-words">{item.text}</span>
        <b>{answer.na ? "不适用" : earned ? lostWords(earned) : "未填"}</b>
      </button>
      {answer.na && <p class="muted">原因：{answer.note || "没有写"}</p>}
      {answer.veto && <p class="late">一票否决：{answer.veto.text}</p>}
      {answer.findings.map((finding) => (
        <p class="read-finding" key={finding.id}>
          {[finding.place, finding.text || "没有写明", `${finding.count} 处`, ACTIONS.find((one) => one.value === finding.action)?.words].filter(Boolean).join(" · ")}
        </p>
      ))}
      <PhotoStrip photos={pictures} />
    </div>
  );
}
