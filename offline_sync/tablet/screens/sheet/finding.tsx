/** One finding on the sheet: what, where, how many; its photos; and what becomes of it. */
import { useEffect, useState } from "preact/hooks";
import type { Action, DraftFinding } from "../../model";
import { TroubleCard } from "../../parts/bits";
import { useAct } from "../../parts/hooks";
import { Icon } from "../../parts/icons";
import { type Picture, PhotoStrip } from "../../parts/photos";
import type { Item } from "../../rules/checklist";
import { changeFinding, isHeavy, severityName } from "../../rules/findings";
import { photosOf } from "../../rules/needs";
import { clock } from "../../rules/when";
import { ACTIONS, daysWords } from "../../rules/words";
import { useDesk, useSheet } from "./hooks";
import { useScrollTo } from "./scroll";
import { Shoot } from "./shoot";
import { useNoPhotos } from "./storage";

interface Props { item: Item; id: string; n: number; at: boolean; born: boolean; onEdit: () => void }

export function FindingCard({ item, id, n, at, born, onEdit }: Props) {
  const { model } = useDesk();
  const finding = useSheet((one) => one.findingOf(item.code, id));
  const photos = useSheet((one) => one.photosOf(item.code));
  const box = useScrollTo(at);
  const calm = useCalm(born);
  if (!finding) return null;
  const change = (next: Partial<DraftFinding>) => model.finding(item.code, (answer) => changeFinding(item, answer, id, next));
  const before = photosOf(finding, photos, "before");
  const after = photosOf(finding, photos, "after");
  const pictures: Picture[] = [
    ...before.map((photo) => ({ id: photo.id, sha256: photo.sha256, words: `${finding.action === "fixed" ? "整改前" : "照片"} ${clock(photo.taken_at)}`, whole: photo.whole })),
    ...after.map((photo) => ({ id: photo.id, sha256: photo.sha256, words: `整改后 ${clock(photo.taken_at)}`, pairs: photo.pairs, whole: photo.whole })),
  ];
  return (
    <article class={`finding ${at ? "finding-at" : ""} ${calm ? "finding-calm" : ""}`} ref={box} aria-label={`问题 ${n}`}>
      <button type="button" class="finding-head" onClick={onEdit}>
        <span class="finding-n">{n}</span>
        <span class="finding-words">
          <b>{finding.text || "还没写是什么问题"}</b>
          <span><span class={finding.place ? "" : "soon"}>{finding.place || "未写地点"}</span>{summary(item, finding, severityName(model.checklist, finding.severity))}</span>
        </span>
        <span class="finding-edit">改</span>
        <Icon name="go" size={20} />
      </button>
      <PhotoStrip photos={pictures} label={`问题 ${n} 的照片`} />
      <Takers item={item} finding={finding} pair={before[0]?.id ?? null} change={change} hasAfter={after.length > 0} hasBefore={before.length > 0} />
      <Actions chosen={finding.action} onChoose={(action) => change({ action })} />
    </article>
  );
}

const CALM = 400; // ms

/** A card that comes up where the finger is takes no tap for a moment: the second of a double tap is none for it. */
function useCalm(born: boolean): boolean {
  const [calm, set] = useState(born);
  useEffect(() => {
    const timer = setTimeout(() => set(false), CALM);
    return () => clearTimeout(timer);
  }, []);
  return calm;
}

/** · 2 处 · 较重 · 3 天. */
function summary(item: Item, finding: DraftFinding, severity: string): string {
  const unit = item.scoring.kind === "deduct" ? item.scoring.unit : "处";
  const parts = [
    item.scoring.kind === "deduct" && finding.rule === null ? "不扣分" : `${isHeavy(item, finding.rule) ? "重 " : ""}${finding.count} ${unit}`,
    severity,
  ];
  if (finding.action === "dispatch" && finding.days !== null) parts.push(daysWords(finding.days));
  return parts.map((part) => ` · ${part}`).join("");
}

interface TakersProps {
  item: Item; finding: DraftFinding; pair: string | null; hasBefore: boolean; hasAfter: boolean;
  change: (next: Partial<DraftFinding>) => void;
}

/** The camera for what was found, and, where it was mended at once, for how it looks now. */
function Takers({ item, finding, pair, hasBefore, hasAfter, change }: TakersProps) {
  const { model } = useDesk();
  const act = useAct();
  const barred = useNoPhotos(useSheet((one) => one.photos.length));
  const about = { kind: "inspection", id: model.draft.inspection, item: item.code, finding: finding.id } as const;
  const shared = { act, disabled: barred !== null, before: () => model.open.flush() };
  const shot = { about, place: model.about.village, who: model.about.author };
  const now = () => model.findingOf(item.code, finding.id) ?? finding;
  return (
    <>
      <div class="btns">
        <Shoot {...shared} words={hasBefore ? "再拍一张" : finding.action === "fixed" ? "拍整改前" : "拍照"} main={!hasBefore}
          shot={() => ({ ...shot, role: "before", pairs: null })} taken={(photo) => change({ photos: [...now().photos, photo] })} />
        {finding.action === "fixed" && (
          <Shoot {...shared} words={hasAfter ? "再拍整改后" : "拍整改后"} main={hasBefore && !hasAfter}
            shot={() => ({ ...shot, role: "after", pairs: pair })} taken={(photo) => change({ after: [...now().after, photo] })} />
        )}
      </div>
      {act.trouble && <TroubleCard trouble={act.trouble} />}
    </>
  );
}

function Actions({ chosen, onChoose }: { chosen: Action; onChoose: (action: Action) => void }) {
  return (
    <div class="segments" role="group" aria-label="怎么处理">
      {ACTIONS.map(({ value, words }) => (
        <button type="button" class="segment" key={value} aria-pressed={value === chosen} onClick={() => onChoose(value)}>{words}</button>
      ))}
    </div>
  );
}
