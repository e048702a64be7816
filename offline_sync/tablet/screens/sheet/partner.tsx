/** 协助取证: the second inspector's tablet scans this and adds photos to the same visit. No personal data in it. */
import { useEffect, useState } from "preact/hooks";
import { Button } from "../../parts/button";
import { Dialog } from "../../parts/dialog";
import { evidenceLink } from "../../rules/links";
import { useDesk } from "./hooks";

export function PartnerDialog({ onClose }: { onClose: () => void }) {
  const { model } = useDesk();
  const { draft } = model;
  const link = evidenceLink({ inspection: draft.inspection, round: draft.round, village: draft.village, checklist: draft.checklist.sha256 });
  return (
    <Dialog title="协助取证" onClose={onClose} actions={<Button kind="main" onClick={onClose}>好了</Button>}>
      <div class="partner">
        <Code text={`${location.origin}/tablet/#${link}`} />
        <ol class="partner-steps">
          <li>另一名检查员在自己的平板上点“扫村牌”。</li>
          <li>扫这个码，选检查项，拍照。</li>
          <li>照片直接进入这次检查，先到后到都可以，不用联网。</li>
        </ol>
        <p class="muted">码里只有检查编号、批次和村代码，没有个人信息。</p>
      </div>
    </Dialog>
  );
}

/** The code, drawn as one path; the library comes when it is first asked for. */
function Code({ text }: { text: string }) {
  const [drawn, setDrawn] = useState<{ size: number; path: string } | null>(null);
  useEffect(() => {
    void import("qrcode-generator").then(({ default: qrcode }) => {
      const code = qrcode(0, "M");
      code.addData(text);
      code.make();
      const size = code.getModuleCount();
      let path = "";
      for (let y = 0; y < size; y++) for (let x = 0; x < size; x++) if (code.isDark(y, x)) path += `M${x + 4} ${y + 4}h1v1h-1z`;
      setDrawn({ size: size + 8, path });
    });
  }, [text]);
  if (!drawn) return <div class="code" />;
  return (
    <svg class="code" viewBox={`0 0 ${drawn.size} ${drawn.size}`} role="img" aria-label="协助取证二维码" shape-rendering="crispEdges">
      <path d={drawn.path} />
    </svg>
  );
}
