/** 从备份取回草稿: a draft of mine that the server keeps a copy of and this tablet does not have. */
import { useState } from "preact/hooks";
import { Note, TroubleCard } from "../parts/bits";
import { Button, LinkButton } from "../parts/button";
import { Dialog } from "../parts/dialog";
import { useAct, useLive, useNow, useTablet } from "../parts/hooks";
import { CHECKLIST, word } from "../rules/office-words";
import { told } from "../rules/when";
import type { DraftOffer, Tablet } from "../tablet";

interface Offer extends DraftOffer { name: string }

async function readOffers({ backups, rows }: Tablet): Promise<Offer[]> {
  return Promise.all((await backups.offers()).map(async (offer) => ({ ...offer, name: (await rows.one("village", offer.village))?.name ?? `村 ${offer.village}` })));
}

export function Offers() {
  const offers = useLive(["drafts", "rows", "outbox"], readOffers);
  const [chosen, choose] = useState<Offer | null>(null);
  const now = useNow();
  const all = offers.value ?? [];
  if (!all.length && !chosen) return null;
  return (
    <>
      {all.map((offer) => (
        <Note key={offer.inspection}>
          <p><b>{offer.name}</b> 的{word(CHECKLIST, offer.checklist)}草稿不在这台平板上，服务器有备份（{told(offer.heard_at, now)}）。</p>
          <Button onClick={() => choose(offer)}>从备份取回草稿</Button>
        </Note>
      ))}
      {chosen && <TakeBack offer={chosen} onClose={() => choose(null)} />}
    </>
  );
}

function TakeBack({ offer, onClose }: { offer: Offer; onClose: () => void }) {
  const tablet = useTablet();
  const act = useAct();
  const [lacking, setLacking] = useState<number | null>(null);
  const take = () => act.run(async () => setLacking((await tablet.backups.take(offer.inspection)).lacking));
  return (
    <Dialog title={`${offer.name} 的草稿`} onClose={onClose} actions={lacking === null ? (
      <>
        <Button onClick={onClose}>先不取</Button>
        <Button kind="main" busy={act.busy} onClick={() => void take()}>{act.busy ? "正在取回…" : "取回到这台平板"}</Button>
      </>
    ) : <LinkButton to={`/visit/${offer.inspection}`} kind="main">接着填</LinkButton>}>
      <div class="stack">
        {lacking === null ? (
          <>
            <p>已填 {offer.answers} 项{offer.photos ? `、照片 ${offer.photos} 张` : ""}。</p>
            {offer.photos > 0 && <p>照片只存在拍它的平板上，提交后才上传。取不到的，要在这台平板上补拍。</p>}
            <Note kind="amber">原来的平板还能用的话，请在那台上接着填。同一份检查不要在两台平板上填。</Note>
          </>
        ) : <p>已取回。{lacking ? `有 ${lacking} 张照片没有备份，请补拍；签过字的要重新签。` : "照片都在。"}</p>}
        {act.trouble && <TroubleCard trouble={act.trouble} />}
      </div>
    </Dialog>
  );
}
