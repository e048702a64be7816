/** What stays when the server's rows must be hidden: offline for too long, or the account ended. One's own work. */
import { Note, Part, Row, Rows } from "../parts/bits";
import { LinkButton } from "../parts/button";
import { Frame } from "../parts/frame";
import { useLive, useNow } from "../parts/hooks";
import { CHECKLIST, word } from "../rules/office-words";
import { date, told } from "../rules/when";
import { waitingWords } from "../rules/state";
import type { Known } from "../tablet";

export function Expired({ who }: { who: Known }) {
  const now = useNow();
  // The name of the village one was in the middle of is no news to oneself; where the rows are gone, its code must do.
  const drafts = useLive(["drafts", "rows"], async ({ drafts: mine, rows }) => Promise.all(
    (await mine.list()).map(async (draft) => ({ draft, name: (await rows.one("village", draft.village))?.name ?? `村 ${draft.village}` })),
  ));
  const waits = waitingWords(who.waiting, who.photos_waiting);
  return (
    <Frame title="请联网登录一次" sub={who.title || who.name}>
      <div class="stack-wide">
        <Note kind="amber">
          {who.signed_in ? `离线使用的期限到${date(who.offline_until, now)}为止。` : "登录已经失效，可能在别处退出，或账号有变动。"}
          村庄和任务暂时不显示；您填的草稿和没上传的内容都在本机。
        </Note>
        <LinkButton to="/sign-in/again" kind="main" wide>去登录</LinkButton>
        {!!drafts.value?.length && (
          <Part title="草稿可以接着填">
            <Rows>
              {drafts.value.map(({ draft, name }) => (
                <Row key={draft.inspection} to={`/visit/${draft.inspection}`} title={name} sub={`${word(CHECKLIST, draft.checklist.code)} · ${told(draft.updated_at, now)} 存`} />
              ))}
            </Rows>
          </Part>
        )}
        {waits && <p><a href="#/outbox">{waits}</a>，联网后自动上传。</p>}
        <p class="muted">长期连不上网时，可以<a href="#/rescue">导出成文件</a>，交给区级办公室导入。</p>
      </div>
    </Frame>
  );
}
