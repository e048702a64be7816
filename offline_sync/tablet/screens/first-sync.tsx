/** 首次同步: how far it has come, what may go wrong, and what can be done meanwhile. */
import { Bar, Note, Part } from "../parts/bits";
import { Button, LinkButton } from "../parts/button";
import { Frame } from "../parts/frame";
import { useLive, useSync, useTablet } from "../parts/hooks";
import type { RowKind } from "../rows";

const STEPS: readonly { kind: RowKind; words: string }[] = [
  { kind: "checklist", words: "评分表" }, { kind: "round", words: "批次" }, { kind: "village", words: "村庄" },
  { kind: "inspection", words: "以往检查" }, { kind: "task", words: "整改任务" }, { kind: "photo", words: "照片目录" },
];

export function FirstSync({ onUse }: { onUse: () => void }) {
  const tablet = useTablet();
  const state = useSync();
  const come = useLive(["rows"], async (from) => Promise.all(STEPS.map(async ({ kind }) => (await from.rows.all(kind)).length)));
  const counts = come.value ?? STEPS.map(() => 0);
  const reached = counts.filter((count) => count > 0).length;
  const usable = counts.slice(0, 3).every((count) => count > 0);
  return (
    <Frame title="首次同步" sub="把您负责的村庄下载到本机">
      <div class="stack-wide">
        <Bar value={reached} of={STEPS.length} label="同步进度" />
        <dl class="counts">
          {STEPS.map(({ kind, words }, at) => <div key={kind}><dt>{words}</dt><dd>{counts[at] || "—"}</dd></div>)}
        </dl>
        {state.problem
          ? <Note kind="amber">{state.problem}</Note>
          : <Note>{state.running ? "正在下载，请保持巡村打开、网络畅通。通常一两分钟。" : "等待网络。有网络后会自动开始。"}</Note>}
        <div class="btns">
          {usable && <Button kind="main" onClick={onUse}>先用起来</Button>}
          {!state.running && <Button onClick={() => tablet.sync.now()}>现在再试</Button>}
          <LinkButton to="/settings">切换账号</LinkButton>
        </div>
        {usable && <Part title="现在可以做什么"><p>村庄和评分表已经到了，可以开始检查。以往检查和任务会接着下载，不影响填写。</p></Part>}
      </div>
    </Frame>
  );
}
