/** All of a finding: words, place, which rule and how many, who mends it until when. Every tap is kept at once. */
import { useState } from "preact/hooks";
import type { DraftFinding, Photo, Severity } from "../../model";
import { Button } from "../../parts/button";
import { Stepper } from "../../parts/controls/stepper";
import { Dialog } from "../../parts/dialog";
import { useAct, useLive, useTablet } from "../../parts/hooks";
import { TroubleCard } from "../../parts/bits";
import type { Item } from "../../rules/checklist";
import { changeFinding, removeFinding, ruleWords } from "../../rules/findings";
import { photosOf } from "../../rules/needs";
import { clock } from "../../rules/when";
import { useDesk, useSheet } from "./hooks";
import { Reasons } from "./reasons";
import { Picks } from "./picks";

const TERMS = [1, 3, 7, 15, 30] as const;
const PLACES = ["村口", "主街", "背街小巷", "村委会周边", "广场", "公厕", "河道边", "路边"] as const;

export function FindingDialog({ item, id, onClose }: { item: Item; id: string; onClose: (done: boolean) => void }) {
  const { model } = useDesk();
  const finding = useSheet((one) => one.findingOf(item.code, id));
  if (!finding) return null;
  const change = (next: Partial<DraftFinding>) => model.finding(item.code, (answer) => changeFinding(item, answer, id, next));
  return (
    <Dialog title={`问题 · ${item.code}`} onClose={() => onClose(false)} actions={<Button kind="main" onClick={() => onClose(true)}>好了</Button>}>
      <div class="stack-wide">
        <Reasons label="什么问题" choices={item.common_issues} value={finding.text} most={600} onValue={(text) => change({ text })} />
        <Place item={item} finding={finding} onPlace={(place) => change({ place })} />
        <Weight item={item} finding={finding} change={change} />
        {finding.action === "dispatch" && <Errand item={item} finding={finding} change={change} />}
        <Picks name="严重程度" choices={model.checklist.severities.map(({ key, name }) => ({ value: key, words: name }))}
          chosen={finding.severity} onChoose={(severity: Severity) => change({ severity })} />
        <Pictures item={item} finding={finding} />
        <Remove item={item} finding={finding} onGone={() => onClose(true)} />
      </div>
    </Dialog>
  );
}

/** Places that this visit has named already come first. */
function Place({ finding, onPlace }: { item: Item; finding: DraftFinding; onPlace: (place: string) => void }) {
  const { model } = useDesk();
  const used = new Set<string>();
  for (const answer of model.open.answers.values()) for (const one of answer.findings) if (one.place && one.id !== finding.id) used.add(one.place);
  const choices = [...new Set([...[...used].slice(-4), ...PLACES])].slice(0, 10);
  return <Reasons label="在哪里" choices={choices} value={finding.place} placeholder="如：村委会东侧 30 米" onValue={onPlace} />;
}

interface PartProps { item: Item; finding: DraftFinding; change: (next: Partial<DraftFinding>) => void }

/** Which rule it counts under, and how many places it stands for. */
function Weight({ item, finding, change }: PartProps) {
  if (item.scoring.kind !== "deduct") return null;
  const method = item.scoring;
  const rules = method.rules.map((rule) => ({ value: rule.key, words: ruleWords(method, rule) }));
  return (
    <>
      <Picks name="按哪条扣分" choices={[...rules, { value: "", words: "不扣分，只记录" }]} chosen={finding.rule ?? ""}
        onChoose={(rule) => change({ rule: rule || null })} />
      <div class="field"><span class="field-label">几{method.unit}</span>
        <Stepper label={`这条问题的${method.unit}数`} value={finding.count} least={1} onChange={(count) => change({ count })} />
      </div>
    </>
  );
}

/** Who is to mend it, and within how many days. */
function Errand({ item, finding, change }: PartProps) {
  const { model } = useDesk();
  const { village } = model.draft;
  const units = useLive(["rows"], (tablet) => tablet.rows.all("unit"));
  const town = village.slice(0, 9);
  const departments = (units.value ?? []).filter((unit) => unit.kind === "department" && unit.active);
  const choices = [
    { value: village, words: `${model.about.village}（村委会）` }, { value: town, words: "本镇（街道）" },
    ...departments.map(({ code, name }) => ({ value: code, words: name })),
  ];
  const terms = [...new Set([...TERMS, item.deadline_days, finding.days ?? item.deadline_days])].sort((a, b) => a - b);
  return (
    <>
      <Picks name="派给谁" hint={item.lead_dept ? `牵头：${item.lead_dept}` : ""} choices={choices} chosen={finding.unit ?? village}
        onChoose={(unit) => change({ unit })} />
      <Picks name="几天内改好" choices={terms.map((days) => ({ value: String(days), words: days === 1 ? "1 天" : `${days} 天` }))}
        chosen={String(finding.days ?? item.deadline_days)} onChoose={(days) => change({ days: Number(days) })} />
      <p class="muted">整改要求：{item.text}</p>
    </>
  );
}

/** Its photos with a way to take one away: only here, so that no photo goes by a slip of the thumb. */
function Pictures({ item, finding }: { item: Item; finding: DraftFinding }) {
  const photos = useSheet((one) => one.photosOf(item.code));
  const mine = [...photosOf(finding, photos, "before"), ...photosOf(finding, photos, "after")];
  if (!mine.length) return null;
  return (
    <div class="field"><span class="field-label">照片</span>
      <div class="rows">{mine.map((photo) => <PictureRow key={photo.id} item={item} finding={finding} photo={photo} />)}</div>
    </div>
  );
}

function PictureRow({ item, finding, photo }: { item: Item; finding: DraftFinding; photo: Photo }) {
  const tablet = useTablet();
  const { model } = useDesk();
  const [sure, setSure] = useState(false);
  const act = useAct();
  const url = useLive(["photos"], async () => (await tablet.pictures.url(photo.sha256, true)) ?? "", [photo.sha256]);
  const remove = () => act.run(async () => {
    if (!model.leavesOut(photo.id)) await tablet.pictures.remove(photo.id);
    model.finding(item.code, (answer) => changeFinding(item, answer, finding.id, {
      photos: finding.photos.filter((one) => one !== photo.id), after: finding.after.filter((one) => one !== photo.id),
    }));
  });
  return (
    <div class="row">
      {url.value && <img class="tiny" src={url.value} alt="" />}
      <span class="row-main"><span class="row-title">{photo.role === "after" ? "整改后" : "照片"} {clock(photo.taken_at)}</span>
        <span class="row-sub">{photo.position ? `定位 ±${Math.round(photo.position.accuracy ?? 0)} 米` : "无定位"}</span></span>
      {sure ? <Button busy={act.busy} onClick={() => void remove()}>确定删除</Button> : <Button kind="quiet" onClick={() => setSure(true)}>删除</Button>}
      {act.trouble && <TroubleCard trouble={act.trouble} />}
    </div>
  );
}

function Remove({ item, finding, onGone }: { item: Item; finding: DraftFinding; onGone: () => void }) {
  const tablet = useTablet();
  const { model } = useDesk();
  const [sure, setSure] = useState(false);
  const act = useAct();
  const photos = useSheet((one) => one.photosOf(item.code));
  const mine = [...photosOf(finding, photos, "before"), ...photosOf(finding, photos, "after")];
  const remove = () => act.run(async () => {
    for (const photo of mine) if (!model.leavesOut(photo.id)) await tablet.pictures.remove(photo.id);
    onGone();
    model.finding(item.code, (answer) => removeFinding(item, answer, finding.id));
  });
  if (!sure) return <Button kind="quiet" onClick={() => setSure(true)}>删除这条问题</Button>;
  return (
    <div class="note note-amber stack">
      <p>删除这条问题{mine.length > 0 && `和它的 ${mine.length} 张照片`}，相应的处数也会减去。</p>
      <div class="btns"><Button busy={act.busy} onClick={() => void remove()}>确定删除</Button><Button kind="quiet" onClick={() => setSure(false)}>不删了</Button></div>
      {act.trouble && <TroubleCard trouble={act.trouble} />}
    </div>
  );
}
