/** Homes of a sample item: drawn by a seed that anybody can repeat, drawn anew only with a reason. */
import { useState } from "preact/hooks";
import type { DraftAnswer } from "../../model";
import { Button } from "../../parts/button";
import { HomesDraw, HomesList } from "../../parts/controls/homes";
import { Dialog } from "../../parts/dialog";
import type { Item } from "../../rules/checklist";
import { drawHomes, drawNote, drawn, seedOf } from "../../rules/homes";
import type { Sample } from "../../rules/methods";
import { REDRAW_REASONS } from "../../rules/words";
import { useDesk } from "./hooks";
import { Reasons } from "./reasons";

export function Homes({ item, method, answer }: { item: Item; method: Sample; answer: DraftAnswer | undefined }) {
  const { model } = useDesk();
  const [again, setAgain] = useState<number | null>(null); // for how many homes
  const before = drawn(answer?.note ?? "");
  const draw = (homes: number, turn: number, reason: string) => {
    const lots = drawHomes(seedOf(model.draft.inspection, item.code, homes, turn), homes, method.draw);
    model.change(item.code, { drawn: lots, failed: null, note: drawNote(homes, turn, reason) });
  };
  const { homes = answer?.drawn?.length ?? 0, turn = answer?.drawn ? 1 : 0 } = before ?? {};
  return (
    <>
      {answer?.drawn
        ? <HomesList
            unit={method.unit} drawn={answer.drawn} failed={answer.failed} told={answer.note || `共 ${homes} ${method.unit}`}
            onFailed={(failed) => model.change(item.code, { failed })} onAgain={() => setAgain(homes)}
          />
        : <HomesDraw unit={method.unit} wanted={method.draw} before={turn} onDraw={(count) => (turn ? setAgain(count) : draw(count, 1, ""))} />}
      {again !== null && (
        <Again onClose={() => setAgain(null)} homes={again} unit={method.unit} onDraw={(count, reason) => draw(count, turn + 1, reason)} />
      )}
    </>
  );
}

function Again({ homes, unit, onDraw, onClose }: { homes: number; unit: string; onDraw: (homes: number, reason: string) => void; onClose: () => void }) {
  const [count, setCount] = useState(String(homes));
  const [reason, setReason] = useState("");
  const wanted = Number(count);
  const ready = reason.trim() !== "" && Number.isInteger(wanted) && wanted >= 1 && wanted <= 9999;
  const done = () => {
    onDraw(wanted, reason);
    onClose();
  };
  return (
    <Dialog title="重新抽取" onClose={onClose} actions={<Button kind="main" disabled={!ready} onClick={done}>重新抽取</Button>}>
      <div class="stack">
        <p>抽取次数和原因会写进检查结果。已点的不合格户会清空。</p>
        <Reasons label="原因" choices={REDRAW_REASONS} value={reason} onValue={setReason} />
        <label class="field"><span class="field-label">全村{unit}数</span>
          <input inputMode="numeric" pattern="[0-9]*" maxLength={4} value={count} onInput={(event) => setCount(event.currentTarget.value)} />
        </label>
      </div>
    </Dialog>
  );
}
