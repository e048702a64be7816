/** What needs me: acts that the server could not simply carry out. What I asked, why not, how it is now, what next. */
import { Empty, Loading, Note, Part, Row, Rows, TroubleCard } from "../parts/bits";
import { Button, LinkButton } from "../parts/button";
import { Frame } from "../parts/frame";
import { useAct, useLive, useNow, useTablet } from "../parts/hooks";
import { up } from "../parts/route";
import { REASON, STATUS, word } from "../rules/office-words";
import { openCards } from "../rules/state";
import { told } from "../rules/when";
import { readCard } from "./card-data";
import type { CardData } from "./card-data";

export function Cards() {
  const now = useNow();
  const cards = useLive(["rows", "outbox"], async (tablet) => {
    const open = openCards(await tablet.rows.all("card"), await tablet.outbox.list());
    return Promise.all(open.map((card) => readCard(tablet, card)));
  });
  return (
    <Frame title="需要您看一下" back="/settings">
      {cards.trouble && <TroubleCard trouble={cards.trouble} again={cards.again} />}
      {!cards.value && !cards.trouble && <Loading />}
      {cards.value?.length === 0 && <Empty title="没有需要您处理的事">上传的内容都已办理或已收到。</Empty>}
      {!!cards.value?.length && (
        <Rows>
          {cards.value.map((one) => (
            <Row key={one.card.id} to={`/card/${one.card.id}`} title={one.title} sub={`${one.asked} · ${told(one.card.at, now)}`}
              side={<span class="sign sign-held">{word(STATUS, one.card.status)}</span>} />
          ))}
        </Rows>
      )}
    </Frame>
  );
}

export function CardPage({ id }: { id: string }) {
  const now = useNow();
  const loaded = useLive(["rows", "outbox"], async (tablet) => {
    const card = await tablet.rows.one("card", id);
    return { data: card ? await readCard(tablet, card) : null };
  }, [id]);
  if (!loaded.value) return <Frame title="需要您看一下" back="/cards"><Loading /></Frame>;
  const { data } = loaded.value;
  if (!data) return <Frame title="需要您看一下" back="/cards"><Empty title="这件事已经处理了" /></Frame>;
  const { card } = data;
  return (
    <Frame title={data.title} sub={word(STATUS, card.status)} back="/cards" foot={<Foot data={data} />}>
      <div class="stack-wide">
        <Part title="您办理的"><div class="card"><p>{data.title}</p><p><b>{data.asked}</b>{data.at && <span class="muted"> · {told(data.at, now)}</span>}</p>{data.words && <p>{data.words}</p>}{data.photos > 0 && <p class="muted">照片 {data.photos} 张</p>}</div></Part>
        <Part title={card.status === "held" ? "为什么还在等" : "为什么没有办成"}><Note kind="amber">{card.text || word(REASON, card.reason)}</Note></Part>
        <Part title="现在的情况"><div class="card"><p>{data.present}</p>{data.link && <LinkButton to={data.link} kind="quiet">去看看</LinkButton>}</div></Part>
        {card.status === "held" && <Note>内容和照片已经完整收到，不用再传。区级办公室办理后，结果会出现在这里。</Note>}
        {card.status === "conflict" && <Note>您写的话和照片已作为备注保存在这件任务里，没有丢。</Note>}
      </div>
    </Frame>
  );
}

function Foot({ data }: { data: CardData }) {
  const tablet = useTablet();
  const act = useAct();
  const { card } = data;
  const dismiss = () => tablet.outbox.add({
    verb: "card.dismiss", args: { card: card.id }, photos: [], about: { kind: "card", id: card.id, village: null, title: data.title },
  });
  const leave = async (work: () => Promise<unknown>) => { if (await act.run(work)) up("/cards"); };
  const asNote = async () => {
    await tablet.outbox.add({
      verb: "task.note", args: { task: card.about.id, text: data.words, photos: [] }, photos: [], replaces: card.command,
      about: { kind: "task", id: card.about.id, village: data.village, title: data.title },
    });
    await dismiss();
  };
  if (act.trouble) return <TroubleCard trouble={act.trouble} />;
  return (
    <>
      {card.status === "rejected" && card.about.kind === "task" && data.words && <Button busy={act.busy} onClick={() => void leave(asNote)}>改为补充说明再传</Button>}
      <Button kind="main" busy={act.busy} onClick={() => void leave(dismiss)}>知道了，收起</Button>
    </>
  );
}
