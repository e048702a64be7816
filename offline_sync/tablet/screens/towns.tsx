/** A district post works at the desk; on a tablet it carries the villages of two towns at most, chosen here. */
import { Note, Part, TroubleCard } from "../parts/bits";
import { useAct, useLive, useTablet } from "../parts/hooks";
import type { Tablet } from "../tablet";

const MOST = 2; // offline_sync/pull.py TOWNS_FOR_THE_OFFICE

async function readTowns({ rows, towns }: Tablet) {
  const [all, chosen, villages] = await Promise.all([rows.all("town"), towns.chosen(), rows.all("village")]);
  return { all: all.sort((a, b) => (a.code < b.code ? -1 : 1)), chosen, empty: chosen.filter((code) => !villages.some((one) => one.town === code)) };
}

export function TownChoice() {
  const tablet = useTablet();
  const act = useAct();
  const data = useLive(["rows"], readTowns).value;
  if (!data) return null;
  const { all, chosen, empty } = data;
  const turn = (code: string) => act.run(() => tablet.towns.choose(chosen.includes(code) ? chosen.filter((one) => one !== code) : [...chosen, code]));
  return (
    <Part title="看哪个镇街"><div class="stack">
      <div class="chips chips-wrap" role="group" aria-label="看哪个镇街">
        {all.map(({ code, name }) => (
          <button type="button" class="chip" key={code} aria-pressed={chosen.includes(code)} disabled={act.busy || (chosen.length >= MOST && !chosen.includes(code))} onClick={() => void turn(code)}>{name}</button>
        ))}
      </div>
      {empty.length > 0 && <Note>{all.filter(({ code }) => empty.includes(code)).map(({ name }) => name).join("、")}的村庄还没有下载，连上网会自动下载。</Note>}
      <p class="muted">区级账号在平板上最多带 {MOST} 个镇街的村庄，可以随时换；全区的情况请在电脑上看。</p>
      {act.trouble && <TroubleCard trouble={act.trouble} />}
    </div></Part>
  );
}
