/** What some acts ask beside words and photos: a day to answer by; the second problem's place, unit and photos. */
import { Field } from "../parts/bits";
import { useLive } from "../parts/hooks";
import type { Carried } from "../rules/acts";
import { date, dayIn } from "../rules/when";
import { Picks } from "./sheet/picks";
import type { TaskData } from "./task-data";

export type More = Pick<Carried, "until" | "unit" | "place" | "shots">;
const TERMS = [3, 7, 15] as const;

export function Until({ day, now, onDay }: { day: string; now: number; onDay: (day: string) => void }) {
  const choices = TERMS.map((days) => ({ value: dayIn(days, now), words: `${days} 天内` }));
  return (
    <>
      <Picks name="哪天前回复" choices={choices} chosen={day} onChoose={onDay} />
      <Field label="或选一天" hint={day ? `${date(day, now)}前` : ""}>
        <input type="date" min={dayIn(1, now)} value={day} onInput={(event) => onDay(event.currentTarget.value)} />
      </Field>
    </>
  );
}

/** 拆分: where the second problem is, whose it is, and which of the photos show it. */
export function Second({ data, more, onMore }: { data: TaskData; more: More; onMore: (more: More) => void }) {
  const before = data.task.photos.filter((photo) => photo.role === "before");
  const turn = (id: string) => onMore({ ...more, shots: more.shots.includes(id) ? more.shots.filter((one) => one !== id) : [...more.shots, id] });
  return (
    <>
      <Field label="在哪里"><input maxLength={200} value={more.place} onInput={(event) => onMore({ ...more, place: event.currentTarget.value })} /></Field>
      {before.length > 0 && (
        <div class="field"><span class="field-label">哪几张照片是它的</span>
          <div class="strip" role="group" aria-label="哪几张照片是它的">
            {before.map(({ id, sha256 }, at) => <Choice key={id} sha256={sha256} n={at + 1} chosen={more.shots.includes(id)} onTurn={() => turn(id)} />)}
          </div>
        </div>
      )}
      <Picks name="责任单位" choices={data.units.map(({ value, words }) => ({ value, words: value === data.task.unit ? `${words}（不变）` : words }))}
        chosen={more.unit} onChoose={(unit) => onMore({ ...more, unit })} />
    </>
  );
}

interface ChoiceProps { sha256: string; n: number; chosen: boolean; onTurn: () => void }

function Choice({ sha256, n, chosen, onTurn }: ChoiceProps) {
  const url = useLive(["photos", "rows"], async ({ pictures }) => (await pictures.url(sha256, true)) ?? "", [sha256]);
  return (
    <button type="button" class="thumb thumb-choice" aria-pressed={chosen} aria-label={`整改前第 ${n} 张`} onClick={onTurn}>
      {url.value && <img src={url.value} alt="" />}
      <span class="thumb-words">{chosen ? "✓ 是它的" : `第 ${n} 张`}</span>
    </button>
  );
}
