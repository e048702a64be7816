/** Screens that need not be there for the first one: fetched when the tablet has a quiet moment, from the same build. */
import type { ComponentType } from "preact";
import { useEffect, useReducer, useState } from "preact/hooks";
import { Trouble } from "../tablet";
import { Loading, TroubleCard } from "./bits";

const QUIET = 1500; // ms after the first screen asked for it
const lost = (): Trouble => new Trouble("part_lost", "这一页没有打开。已填的内容都在。请再试一次；仍打不开，请关闭巡村后重新打开。");

/** The component that `load` brings; asked for at once when shown, else in a quiet moment. */
export function lazily<P extends object>(load: () => Promise<ComponentType<P>>): ComponentType<P> {
  let here: ComponentType<P> | null = null;
  let coming: Promise<unknown> | null = null;
  const bring = () => (coming ??= load().then((one) => { here = one; }).catch((error: unknown) => {
    coming = null;
    throw error;
  }));
  setTimeout(() => void bring().catch(() => undefined), QUIET);
  return function Lazy(props: P) {
    const [failed, setFailed] = useState(false);
    const [, turn] = useReducer<number, void>((n) => n + 1, 0);
    const ask = () => {
      setFailed(false);
      bring().then(() => turn(), () => setFailed(true));
    };
    useEffect(() => { if (!here) ask(); }, []);
    if (failed) return <TroubleCard trouble={lost()} again={ask} />;
    const Here = here;
    return Here ? <Here {...props} /> : <Loading words="正在打开…" />;
  };
}
