/** What was found on an item: quick phrases, the findings, and the camera first where that is quicker. */
import { useRef, useState } from "preact/hooks";
import type { DraftAnswer } from "../../model";
import type { Item } from "../../rules/checklist";
import { TroubleCard } from "../../parts/bits";
import { useAct } from "../../parts/hooks";
import { addFinding, changeFinding, newFinding, unbegun } from "../../rules/findings";
import { newId } from "../../rules/ids";
import { FindingCard } from "./finding";
import { FindingDialog } from "./finding-dialog";
import { useDesk, useSheet } from "./hooks";
import { Shoot } from "./shoot";
import { useNoPhotos } from "./storage";

interface Props { item: Item; at: string | null } // `at`: the finding that was jumped to

export function Findings({ item, at }: Props) {
  const { model } = useDesk();
  const findings = useSheet((one) => one.answer(item.code)?.findings);
  const [edit, setEdit] = useState<string | null>(null);
  const act = useAct();
  const barred = useNoPhotos(useSheet((one) => one.photos.length));
  const born = useRef<string | null>(null); // the finding that the last tap here made
  const begun = useRef<{ id: string; before: DraftAnswer | undefined; after: DraftAnswer } | null>(null); // by 其他…
  const fresh = useRef<string | null>(null); // the finding that this opening of the camera makes
  const add = (text: string): string => {
    const answer = model.open.answers.get(item.code);
    const finding = newFinding(item, answer, { id: newId(), village: model.draft.village, text });
    model.change(item.code, addFinding(item, answer, finding));
    born.current = finding.id;
    return finding.id;
  };
  const begin = () => {
    const before = model.open.answers.get(item.code);
    const id = add("");
    const after = model.open.answers.get(item.code);
    begun.current = after ? { id, before, after } : null;
    setEdit(id);
  };
  const close = (done: boolean) => {
    const one = begun.current;
    begun.current = null;
    setEdit(null);
    if (one && !done) model.finding(item.code, (now) => unbegun(one.before, one.after, now, one.id));
  };
  const say = (text: string) => {
    const bare = model.answer(item.code)?.findings.find((one) => !one.text.trim());
    if (bare) model.finding(item.code, (answer) => changeFinding(item, answer, bare.id, { text }));
    else add(text);
  };
  const shot = () => {
    fresh.current ??= add("");
    const about = { kind: "inspection", id: model.draft.inspection, item: item.code, finding: fresh.current } as const;
    return { about, role: "before", pairs: null, place: model.about.village, who: model.about.author } as const;
  };
  const taken = (photo: string) => {
    const id = fresh.current;
    if (id) model.finding(item.code, (answer) => changeFinding(item, answer, id, { photos: [...(answer.findings.find((one) => one.id === id)?.photos ?? []), photo] }));
  };
  const before = () => {
    fresh.current = null;
    return model.open.flush();
  };
  const bare = (findings ?? []).find((one) => !one.text.trim());
  const asks = bare ? (bare.photos.length + bare.after.length ? "这张照片拍的是什么？" : "这一处是什么问题？") : item.scoring.kind === "bonus" ? "有照片或说明，点一下：" : "发现问题，点一下：";
  return (
    <section class="findings" aria-label="问题">
      {barred && <p class="note note-amber">{barred}</p>}
      {(findings ?? []).map((finding, n) => (
        <FindingCard key={finding.id} item={item} id={finding.id} n={n + 1} at={finding.id === at} born={finding.id === born.current} onEdit={() => setEdit(finding.id)} />
      ))}
      <div class={`phrases ${bare ? "phrases-wanted" : ""}`} role="group" aria-label="常用语">
        <span class="phrases-name">{asks}</span>
        {item.common_issues.map((text) => <button type="button" class="chip" key={text} onClick={() => say(text)}>{text}</button>)}
        <button type="button" class="chip" onClick={begin}>其他…</button>
        <Shoot words="先拍照" act={act} before={before} shot={shot} taken={taken} disabled={barred !== null} />
      </div>
      {act.trouble && <TroubleCard trouble={act.trouble} />}
      {edit && <FindingDialog item={item} id={edit} onClose={close} />}
    </section>
  );
}
