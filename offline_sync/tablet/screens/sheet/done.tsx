/** 已放入待传: what was handed in, where it is, what happens next and by whom. */
import type { Entry, Verdict } from "../../model";
import { Empty, Loading, Note } from "../../parts/bits";
import { LinkButton } from "../../parts/button";
import { Frame } from "../../parts/frame";
import { useLive, useSync } from "../../parts/hooks";
import { Icon } from "../../parts/icons";
import { handedIn } from "../../rules/amending";
import type { Submission } from "../../wire";

export function Done({ inspection }: { inspection: string }) {
  const found = useLive(["outbox"], async (tablet) => ({
    entry: handedIn(await tablet.outbox.list(), inspection).pop() ?? null,
  }), [inspection]);
  const entry = found.value?.entry;
  const back = entry?.about.village ? `/village/${entry.about.village}` : "/";
  return (
    <Frame title={!entry ? "检查表" : entry.verdict ? "已提交" : "已放入待传"} sub={entry?.about.title} back={back}>
      {!found.value ? <Loading /> : entry ? <Told entry={entry} back={back} />
        : <Empty title="这份检查表不在草稿里">它已经提交，或已在别处删除。请回村庄页查看。</Empty>}
    </Frame>
  );
}

function Told({ entry, back }: { entry: Entry; back: string }) {
  const { online } = useSync();
  const args = entry.args as Submission;
  const amended = entry.verb === "inspection.amend";
  const tasks = args.answers.flatMap((answer) => answer.findings ?? []).filter((finding) => finding.action === "dispatch").length;
  const steps = entry.verdict ? heard(entry.verdict, amended) : [
    online ? "正在上传：先传文字，再传照片。" : "现在没有网络。连上网会自动上传：先传文字，再传照片。",
    "收到服务器回执前，文字和照片都留在本机，不会删除。",
    amended ? "服务器收到后按更正后的内容重新计算得分，整改任务随之增减；原来的内容留底。"
      : `服务器收到后计算正式得分${tasks ? `，并生成 ${tasks} 条整改任务，派给责任单位` : ""}。`,
  ];
  return (
    <div class="done stack-wide">
      <p class="done-mark"><Icon name="tick" size={40} /> {entry.verdict ? "服务器已收到" : "已存在本机，等待上传"}</p>
      <p>{amended && "更正后："}检查 {args.answers.length} 项，照片 {entry.photos.length} 张。</p>
      <ol class="done-steps">{steps.map((step) => <li key={step}>{step}</li>)}</ol>
      <Note>填错了，服务器收到后 24 小时内可以在本村页面点“更正”；过了时间，请联系区级办公室。</Note>
      <div class="btns"><LinkButton to={back} kind="main">回到本村</LinkButton><LinkButton to="/outbox">看待传</LinkButton></div>
    </div>
  );
}

/** What the server made of it. */
function heard({ status, message, data }: Verdict, amended: boolean): string[] {
  if (status !== "applied" && status !== "merged" && status !== "noop") return [message || "已收到，等待区级办公室确认。", "照片继续上传，不用重新检查。"];
  // Handed in without a sign-in, the receipt says no more than that it is one.
  if (!Array.isArray(data["tasks"])) return ["正式得分和整改任务，登录后可以看到。", "照片没传完的，连上网会自动补传。"];
  const tasks = data["tasks"].length;
  const none = amended ? "没有新增的整改任务。" : "没有需要派单的问题。";
  const score = typeof data["score"] === "string" ? [`正式得分 ${data["score"]}。`] : [];
  return [...score, tasks ? `已${amended ? "新增" : "生成"} ${tasks} 条整改任务，派给责任单位。` : none, "照片没传完的，连上网会自动补传。"];
}
