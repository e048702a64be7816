/** What was found before: score and grade, and what the points were lost on, in words and photos. */
import { useState } from "preact/hooks";
import { Bar, Empty } from "../parts/bits";
import { Button } from "../parts/button";
import { lazily } from "../parts/lazy";
import { PhotoStrip } from "../parts/photos";
import type { Picture } from "../parts/photos";
import { useNow } from "../parts/hooks";
import { decimal, plain } from "../rules/decimal";
import { GRADE, word } from "../rules/office-words";
import { date } from "../rules/when";
import type { Lost, PastVisit } from "./village-data";

/** "1.5", as on every other screen. */
function figure(points: string): string {
  const read = decimal(points);
  return read ? plain(read) : "—";
}

const SHOWN = 5; // items of a visit, before one asks for all

const VoidDialog = lazily(() => import("./void-dialog").then((part) => part.VoidDialog));
const WAITS = { amend: "更正待传，下面还是更正前的内容", void: "作废待传" } as const;

export function PastVisits({ past, village }: { past: PastVisit[]; village: string }) {
  if (!past.length) return <Empty title="还没有检查记录">第一次检查之后，得分和问题会列在这里。</Empty>;
  const newest = new Set<string>();
  return (
    <div class="stack">
      {past.map((visit) => {
        const first = !newest.has(visit.row.checklist.code);
        newest.add(visit.row.checklist.code);
        return <OneVisit key={visit.row.id} visit={visit} village={village} open={first} />;
      })}
    </div>
  );
}

function OneVisit({ visit, village, open }: { visit: PastVisit; village: string; open: boolean }) {
  const { row, checklist, round, lost, waits, voidable } = visit;
  const [voiding, setVoiding] = useState(false);
  const now = useNow();
  const [shown, setShown] = useState(open);
  const [all, setAll] = useState(false);
  const who = Object.values(row.inspector_names).join("、");
  return (
    <section class="card past">
      <button type="button" class="past-head" aria-expanded={shown} onClick={() => setShown(!shown)}>
        <span class="past-score">
          <b class="figures">{row.score ?? "—"}</b>
          {row.grade && <span class={`grade grade-${row.grade}`}>{word(GRADE, row.grade)}</span>}
        </span>
        <span class="row-main">
          <span class="row-title">{checklist}</span>
          <span class="row-sub">{[date(row.finished_at, now), round, who].filter(Boolean).join(" · ")}</span>
          {waits && <span class="soon">{WAITS[waits]}</span>}
          {row.vetoed && <span class="late">一票否决</span>}
        </span>
      </button>
      {shown && (
        <>
          <p class="past-lost">{lost.length ? `失分 ${lost.length} 项` : "没有失分"}{row.late && " · 迟报"}</p>
          {lost.slice(0, all ? undefined : SHOWN).map((one) => <LostItem key={one.item} lost={one} row={row} />)}
          {lost.length > SHOWN && !all && <button type="button" class="btn btn-quiet btn-wide" onClick={() => setAll(true)}>看全部 {lost.length} 项</button>}
          {voidable && <div class="btns"><Button kind="quiet" onClick={() => setVoiding(true)}>作废这次检查…</Button></div>}
        </>
      )}
      {voiding && <VoidDialog visit={visit} village={village} onClose={() => setVoiding(false)} />}
    </section>
  );
}

function LostItem({ lost, row }: { lost: Lost; row: PastVisit["row"] }) {
  const words = new Map(lost.findings.map((finding) => [finding.id, finding.place || finding.text]));
  const photos: Picture[] = row.photos
    .filter((photo) => photo.finding && words.has(photo.finding) && (photo.role === "before" || photo.role === "after"))
    .map((photo) => ({ id: photo.id, sha256: photo.sha256, words: `${photo.role === "after" ? "整改后" : "问题"} · ${words.get(photo.finding!) ?? ""}` }));
  return (
    <div class="lost">
      <div class="lost-head">
        <span class="lost-text"><small>{lost.item}</small> {lost.text}</span>
        <span class="lost-points">{figure(lost.points)} / {figure(lost.weight)} 分</span>
      </div>
      <Bar value={Number(lost.points)} of={Number(lost.weight)} label={`${lost.item} 得分`} />
      {lost.findings.map((finding) => (
        <p class="lost-finding" key={finding.id}>
          {finding.place && <b>{finding.place}：</b>}{finding.text}{(finding.count ?? 1) > 1 && `（${finding.count} 处）`}
        </p>
      ))}
      {lost.note && <p class="lost-finding">{lost.note}</p>}
      <PhotoStrip photos={photos} label="问题照片" />
    </div>
  );
}
