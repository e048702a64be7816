/** 村负责人签字, or 拒签 with its reason: one of the two, and it can be done over until the sheet is handed in. */
import { useState } from "preact/hooks";
import { Part, TroubleCard } from "../../parts/bits";
import { Button, Chips } from "../../parts/button";
import { useAct, useLive, useTablet } from "../../parts/hooks";
import { REFUSALS } from "../../rules/words";
import { useDesk, useSheet } from "./hooks";
import { Reasons } from "./reasons";
import { SignaturePad } from "./signature";

export function SignPart() {
  const { model } = useDesk();
  const signature = useSheet((one) => one.draft.signature);
  const [way, setWay] = useState<"sign" | "refuse">(signature?.refused !== null && signature?.refused !== undefined ? "refuse" : "sign");
  const set = (change: { name?: string; photo?: string | null; refused?: string | null }) =>
    model.open.set({ signature: { name: "", photo: null, refused: null, ...model.open.draft.signature, ...change } });
  const choose = (to: "sign" | "refuse") => {
    setWay(to);
    set({ refused: to === "sign" ? null : model.open.draft.signature?.refused ?? "" });
  };
  return (
    <Part title="村负责人签字">
      <div class="stack">
        <Chips name="签字还是拒签" choices={[{ value: "sign", words: "签字" }, { value: "refuse", words: "拒签" }]} chosen={way} onChoose={choose} />
        {way === "refuse"
          ? <Reasons label="拒签原因" choices={REFUSALS} value={signature?.refused ?? ""} onValue={(refused) => set({ refused })} />
          : <Signing name={signature?.name ?? ""} photo={signature?.photo ?? null} set={set} />}
      </div>
    </Part>
  );
}

interface Props { name: string; photo: string | null; set: (change: { name?: string; photo?: string | null }) => void }

function Signing({ name, photo, set }: Props) {
  const tablet = useTablet();
  const { model } = useDesk();
  const act = useAct();
  const kept = useSheet((one) => one.photos).find((one) => one.id === photo);
  const sign = (picture: Blob) => act.run(async () => {
    await model.open.flush();
    const about = { kind: "inspection", id: model.draft.inspection, item: null, finding: null } as const;
    const taken = await tablet.pictures.take(picture, {
      about, role: "signature", pairs: null, position: model.draft.position, place: model.about.village, who: model.about.author,
    });
    set({ photo: taken.id });
  });
  const again = () => act.run(async () => {
    set({ photo: null });
    await model.open.flush();
    if (kept && !model.leavesOut(kept.id)) await tablet.pictures.remove(kept.id);
  });
  return (
    <>
      <label class="field"><span class="field-label">签字人姓名</span>
        <input maxLength={40} placeholder="如：村书记姓名" value={name} onInput={(event) => set({ name: event.currentTarget.value })} />
      </label>
      {photo
        ? <>{kept && <Signed sha256={kept.sha256} />}<div class="btns"><Button busy={act.busy} onClick={() => void again()}>重新签</Button></div></>
        : <SignaturePad busy={act.busy} onSigned={(picture) => void sign(picture)} />}
      {act.trouble && <TroubleCard trouble={act.trouble} />}
    </>
  );
}

/** The signature as it was kept, whole; one that another tablet took, as far as it came. */
function Signed({ sha256 }: { sha256: string }) {
  const url = useLive(["photos"], async (tablet) => (await tablet.pictures.url(sha256, false)) ?? (await tablet.pictures.url(sha256, true)) ?? "", [sha256]);
  if (url.value === "") return <p class="muted">签名的图片不在这台平板上，已随原来的检查交给服务器。</p>;
  return url.value ? <img class="signed" src={url.value} alt="签名" /> : null;
}
