/** 已放入待传: what was handed in, where it is, what happens next and by whom. */
import type { Entry, Verdict } from "../../model";
import { Empty, Loading, Note } from "../../parts/bits";
import { LinkButton } from "../../parts/button";
import { Frame } from "../../parts/frame";
import { useLive, useSync } from "../../parts/hooks";
import { Icon } from "../../parts/icons";
import type { Submission } from "../../wire";

export function Done({ inspection }: { inspection: string }) {
  const found = useLive(["outbox"], async (tablet) => ({
    entry: (await tablet.outbox.list()).find((one) => one.verb === "inspection.submit" && one.about.id === inspection) ?? null,
  }), [inspection]);
  const entry = found.value?.entry;
  const back = entry?.about.village ? `/village/${entry.about.village}` : "/";
  return (
    <Frame title={entry ? "已放入待传" : "检查表"} sub={entry?.about.title} back={back}>
      {!found.value ? <Loading /> : entry ? <Told entry={entry} back={back} />
        : <Empty title="这份检查表不在草稿里">它已经提交，或已在别处删除。请回村庄页查看。</Empty>}
    </Frame>
  );
}

function Told({ entry, back }: { entry: Entry; back: string }) {
  const { online } = useSync();
  const args = entry.args as Submission;
  const tasks = args.answers.flatMap((answer) => answer.findings ?? []).filter((finding) => finding.action === "dispatch").length;
  const steps = entry.verdict ? heard(entry.verdict) : [
    online ? "正在上传：先传文字，再传照片。" : "现在没有网络。连上网会自动上传：先传文字，再传照片。",
    "收到服务器回执前，文字和照片都留在本机，不会删除。",
    `服务器收到后计算正式得分${tasks ? `，并生成 ${tasks} 条整改任务，派给责任单位` : ""}。`,
  ];
  return (
    <div class="done stack-wide">
      <p class="done-mark"><Icon name="tick" size={40} /> {entry.verdict ? "服务器已收到" : "已存在本机，等待上传"}</p>
      <p>检查 {args.answers.length} 项，照片 {entry.photos.length} 张。</p>
      <ol class="done-steps">{steps.map((step) => <li key={step}>{step}</li>)}</ol>
      <Note>提交后不能再改。填错了，请联系区级办公室作废后重新检查。</Note>
      <div class="btns"><LinkButton to={back} kind="main">回到本村</LinkButton><LinkButton to="/outbox">看待传</LinkButton></div>
    </div>
  );
}

/** What the server made of it. */
function heard({ status, message, data }: Verdict): string[] {
  if (status !== "applied" && status !== "merged" && status !== "noop") return [message || "已收到，等待区级办公室确认。", "照片继续上传，不用重新检查。"];
  // Handed in without a sign-in, the receipt says no more than that it is one.
  if (!Array.isArray(data["tasks"])) return ["正式得分和整改任务，登录后可以看到。", "照片没传完的，连上网会自动补传。"];
  const tasks = data["tasks"].length;
  const score = typeof data["score"] === "string" ? [`正式得分 ${data["score"]}。`] : [];
  return [...score, tasks ? `已生成 ${tasks} 条整改任务，派给责任单位。` : "没有需要派单的问题。", "照片没传完的，连上网会自动补传。"];
}
