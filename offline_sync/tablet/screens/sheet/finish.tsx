/** The end of a visit: read it over, the village's word, its signature, then off it goes and nothing changes any more. */
import { useState } from "preact/hooks";
import { Note, Part, TroubleCard } from "../../parts/bits";
import { Button } from "../../parts/button";
import { useAct, useMaking, useTablet } from "../../parts/hooks";
import { takeMissed } from "../../parts/missed";
import { replace } from "../../parts/route";
import { signed } from "../../rules/needs";
import { CHECKLIST, word } from "../../rules/office-words";
import { submissionOf } from "../../rules/submission";
import { AmendReason } from "./amending";
import { useDesk, useSheet } from "./hooks";
import { ReadOver } from "./read-over";
import { useScrollTo } from "./scroll";
import { SignPart } from "./sign-part";
import { NeedRows, ScoreNow } from "./tally";

export function Finish({ path }: { path: string }) {
  const open = useSheet((model) => model.unfilled);
  return (
    <div class="finish">
      <div class="finish-score"><ScoreNow /><p class="muted">{open ? `还有 ${open} 项没填，暂计分只按已填的项计算。` : ""}暂计分由本机按检查单计算，以服务器收到后的计分为准。</p></div>
      <Lacking />
      <ReadOver />
      <Remarks />
      <SignPart />
      <AmendReason />
      <HandIn path={path} />
    </div>
  );
}

/** What holds up finishing, then what would be better mended; each leads to its place. */
function Lacking() {
  const needs = useSheet((model) => model.needs);
  const blocks = needs.filter((need) => need.weight === "block" && need.kind !== "signature");
  const others = needs.filter((need) => need.weight !== "block");
  const nothing = () => undefined;
  return (
    <>
      {blocks.length > 0 && <Part title={`还有 ${blocks.length} 处没填好，填好才能提交`}><NeedRows needs={blocks} onGo={nothing} /></Part>}
      {others.length > 0 && <Part title={`提醒 ${others.length} 条，不影响提交`}><NeedRows needs={others} onGo={nothing} /></Part>}
    </>
  );
}

function Remarks() {
  const { model } = useDesk();
  const remarks = useSheet((one) => one.draft.village_remarks);
  return (
    <Part title="村里的意见">
      <textarea aria-label="村里的意见" maxLength={600} placeholder="没有就不填" value={remarks}
        onInput={(event) => model.open.set({ village_remarks: event.currentTarget.value })} />
    </Part>
  );
}

function HandIn({ path }: { path: string }) {
  const { model } = useDesk();
  const tablet = useTablet();
  const act = useAct();
  const [sure, setSure] = useState(false);
  const asked = useScrollTo<HTMLDivElement>(sure); // on a phone it would stand below the screen
  const needs = useSheet((one) => one.needs);
  const blocked = needs.filter((need) => need.weight === "block").length;
  const amends = useSheet((one) => one.draft.amends);
  const reasonless = !!amends && !amends.reason.trim();
  const unsigned = !signed(model.draft);
  const others = needs.length - blocked;
  const making = useMaking();
  const handIn = () => act.run(async () => {
    await tablet.pictures.settled(); // one that was just taken goes along
    takeMissed();
    await model.open.flush();
    const { draft, answers } = model.open;
    const photos = await tablet.pictures.of("inspection", draft.inspection);
    const made = submissionOf(model.checklist, draft, answers, photos, new Date().toISOString());
    const { village, checklist } = model.about;
    await tablet.drafts.finish(draft.inspection, made.args, made.photos, `${village} ${word(CHECKLIST, checklist.code)}`);
    replace(`${path}/done`);
  });
  return (
    <Part title="提交">
      <div class="stack">
        <p>{amends
          ? "更正提交后得分重新计算，原来的内容由系统留底。新写的问题照样派单；删掉的问题，还没签收的任务随之撤销。"
          : "服务器收到后 24 小时内可以更正，原来的内容留底。"}没有网络也可以提交，连上网自动上传。</p>
        {blocked > 0 && <Note kind="amber">{unsigned && blocked === 1 ? "请村负责人签字，或注明拒签原因，再提交。" : `还有 ${blocked} 处没填好，见上面。`}</Note>}
        {reasonless && <Note kind="amber">请先写明为什么更正，见上面。</Note>}
        {!sure && <Button kind="main" wide disabled={blocked > 0 || reasonless} onClick={() => setSure(true)}>{amends ? "提交更正" : "提交检查结果"}</Button>}
        {sure && (
          <div ref={asked}><Note>
            <p>{others ? `还有 ${others} 条提醒没处理，可以就这样提交。` : "各项都已填好。"}</p>
            {act.busy && making > 0 && <p>还有 {making} 张照片正在存，存好就提交。</p>}
            <div class="btns">
              <Button kind="main" busy={act.busy} disabled={blocked > 0 || reasonless} onClick={() => void handIn()}>确定提交</Button>
              <Button disabled={act.busy} onClick={() => setSure(false)}>再看看</Button>
            </div>
          </Note></div>
        )}
        {act.trouble && <TroubleCard trouble={act.trouble} again={() => void handIn()} />}
      </div>
    </Part>
  );
}
