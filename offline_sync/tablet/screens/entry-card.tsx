/** One act of the outbox: what it is, how long it waits and why, how far its photos are, what the server said. */
import { Bar } from "../parts/bits";
import { useNow, useSync } from "../parts/hooks";
import { Icon } from "../parts/icons";
import { GRADE, REASON, STATUS, verb, word } from "../rules/office-words";
import { told, waited } from "../rules/when";
import type { Verdict } from "../model";
import type { EntryData } from "./outbox-data";

export function EntryCard({ one: { entry, photos, left } }: { one: EntryData }) {
  const now = useNow();
  const { photos: sending, problem } = useSync();
  const under = photos.find((photo) => !photo.stored_at && photo.sha256 === sending.now?.sha256);
  const { verdict } = entry;
  return (
    <section class="card entry">
      <div class="entry-head">
        <div>
          <h3>{entry.about.title || verb(entry.verb)}</h3>
          <p class="muted">{verb(entry.verb)} · {told(entry.at, now)}</p>
        </div>
        {verdict ? <VerdictSign verdict={verdict} /> : <span class="sign sign-waiting"><span class="dot" aria-hidden="true" />待传 {waited(entry.at, now)}</span>}
      </div>
      {photos.length > 0 && (left > 0 || !verdict) && (
        <div class="entry-photos">
          <p>照片 {photos.length - left} / {photos.length} 已传{under && sending.now && `，正在传第 ${photos.indexOf(under) + 1} 张 ${Math.floor((100 * sending.now.sent) / Math.max(1, sending.now.size))}%`}</p>
          <Bar value={photos.length - left} of={photos.length} label="照片进度" />
        </div>
      )}
      {!verdict && entry.problem && entry.problem !== problem && <p class="entry-problem">{entry.problem}{entry.tries > 1 && `（已试 ${entry.tries} 次）`}</p>}
      {verdict && <VerdictWords verdict={verdict} />}
    </section>
  );
}

const needsAuthor = ({ status }: Verdict): boolean => status === "conflict" || status === "rejected" || status === "held";

function VerdictSign({ verdict }: { verdict: Verdict }) {
  if (needsAuthor(verdict)) return <span class="sign sign-held">{word(STATUS, verdict.status)}</span>;
  return <span class="sign sign-sent"><Icon name="tick" size={18} />{word(STATUS, verdict.status)}</span>;
}

/** The verdict in words: the score where it is one, else the server's own sentence. */
function VerdictWords({ verdict }: { verdict: Verdict }) {
  const { score, grade } = verdict.data as { score?: string; grade?: string };
  const said = verdict.message || (verdict.reason ? word(REASON, verdict.reason) : "");
  return (
    <>
      {score && <p>系统计分 <b>{score}</b>{grade && ` · ${word(GRADE, grade)}`}</p>}
      {said && <p>{said}</p>}
      {needsAuthor(verdict) && <p><a href="#/cards">看怎么办</a></p>}
    </>
  );
}
