/** The sheet comes in a quiet moment, and what it will show is read ahead: opened, it then stands in the next frame. */
import { useEffect } from "preact/hooks";
import { useTablet } from "../parts/hooks";
import { lazily } from "../parts/lazy";

const FIRST = 2_000; // ms from the first screen until the sheet's part of the program is here and nobody is busy
const QUIET = 250; // ms on later screens
let started = false;

const load = () => import("./sheet/sheet");
export const Sheet = lazily(() => load().then((one) => one.Sheet));

/** Read this draft ahead once the screen has come to rest, and again when `changed` is another than before. */
export function useAhead(inspection: string | null | undefined, changed: unknown): void {
  const tablet = useTablet();
  useEffect(() => {
    if (!inspection) return;
    const timer = setTimeout(() => {
      started = true;
      void load().then((one) => one.prepareSheet(tablet, inspection)).catch(() => undefined); // then it is read when it is opened
    }, started ? QUIET : FIRST);
    return () => clearTimeout(timer);
  }, [tablet, inspection, changed]);
}
