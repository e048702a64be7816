/** Where a village is: its code as on the plate, its point, and a way to set the point for one who stands there. */
import { useState } from "preact/hooks";
import { Note, Part, TroubleCard } from "../parts/bits";
import { Button } from "../parts/button";
import { Dialog } from "../parts/dialog";
import { useAct, useLive, useTablet } from "../parts/hooks";
import type { Position } from "../model";
import type { RowOf } from "../rows";
import { far, metres } from "../rules/distance";
import { Trouble } from "../tablet";

const ROUGH = 100; // metres of accuracy beyond which a point helps nobody

export function Whereabouts({ village }: { village: RowOf<"village"> }) {
  const tablet = useTablet();
  const act = useAct();
  const [found, setFound] = useState<Position | null>(null);
  const waiting = useLive(["outbox"], async (from) => (await from.outbox.list()).some((entry) => entry.verb === "village.locate" && !entry.verdict && entry.about.id === village.code), [village.code]);
  const look = () => act.run(async () => {
    const at = await tablet.where.now(20_000);
    if (!at) throw new Trouble("no_position", "取不到定位。请到开阔处，确认系统允许巡村使用位置，再试一次。");
    setFound(at);
  });
  const keep = (position: Position) => act.run(async () => {
    await tablet.outbox.add({
      verb: "village.locate", args: { village: village.code, position, photo: null }, photos: [],
      about: { kind: "village", id: village.code, village: village.code, title: `${village.name} 标定位置` },
    });
    setFound(null);
  });
  return (
    <Part title="位置与村牌">
      <dl class="facts">
        <dt>村代码</dt><dd>{village.code}</dd>
        <dt>位置</dt><dd>{waiting.value ? "新位置待传" : village.location ? `${village.location.lat.toFixed(5)}，${village.location.lng.toFixed(5)}` : "还没有标定"}</dd>
      </dl>
      <Button kind="quiet" icon="pin" busy={act.busy} onClick={() => void look()}>{act.busy ? "正在定位…" : "用现在站的地方标定"}</Button>
      {act.trouble && <TroubleCard trouble={act.trouble} />}
      {found && (
        <Dialog title={`标定${village.name}`} onClose={() => setFound(null)} actions={
          <>
            <Button onClick={() => setFound(null)}>不标定</Button>
            <Button kind="main" busy={act.busy} onClick={() => void keep(found)}>就是这里</Button>
          </>
        }>
          <div class="stack">
            <p>请在村委会或村口标定。现在的位置是 {found.lat.toFixed(5)}，{found.lng.toFixed(5)}{found.accuracy !== null && `，误差约 ${Math.round(found.accuracy)} 米`}。</p>
            {(found.accuracy ?? 0) > ROUGH && <Note kind="amber">误差较大，最好到开阔处重新定位后再标定。</Note>}
            {village.location && <p>它离原来标定的地方{far(metres(found, village.location))}。</p>}
          </div>
        </Dialog>
      )}
    </Part>
  );
}
