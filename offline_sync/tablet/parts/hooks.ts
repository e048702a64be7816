/** How screens get at the tablet, and how they hear that something changed. */
import { createContext } from "preact";
import { useCallback, useContext, useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { miss } from "./missed";
import { Trouble } from "../tablet";
import type { SyncState, Tablet, Topic } from "../tablet";

export const TabletContext = createContext<Tablet | null>(null);

/** The tablet that this screen belongs to. */
export function useTablet(): Tablet {
  const tablet = useContext(TabletContext);
  if (!tablet) throw new Error("no tablet around this screen");
  return tablet;
}

/** Whatever went wrong, as something that can be told to people. */
export function asTrouble(error: unknown): Trouble {
  if (error instanceof Trouble) return error;
  const words = error instanceof Error ? error.message : String(error);
  return new Trouble("unexpected", "这一步没有完成，已填写的内容仍在。请再试一次；仍不行请把代码告诉管理员。", { words });
}

export interface Loaded<T> { value: T | null; trouble: Trouble | null; again: () => void }

/** Load now and whenever one of the topics is told; `keys` as for an effect. What is told while a load runs is answered
 * by one more load after it: a hundred photos stored in a row do not ask the store a hundred times over. */
export function useLive<T>(topics: readonly Topic[], load: (tablet: Tablet) => Promise<T>, keys: readonly unknown[] = []): Loaded<T> {
  const tablet = useTablet();
  const [state, set] = useState<{ value: T | null; trouble: Trouble | null }>({ value: null, trouble: null });
  const latest = useRef(load);
  latest.current = load;
  const again = useRef<() => void>(() => undefined);
  useLayoutEffect(() => { // asked at once: an effect waits until an empty screen has been drawn
    let gone = false;
    let running = false;
    let dirty = false;
    const run = async () => {
      dirty = true;
      if (running) return;
      running = true;
      while (dirty && !gone) {
        dirty = false;
        try {
          const value = await latest.current(tablet);
          if (!gone) set({ value, trouble: null });
        } catch (error) {
          if (!gone) set((was) => ({ value: was.value, trouble: asTrouble(error) }));
        }
      }
      running = false;
    };
    again.current = () => void run();
    void run();
    const stop = tablet.live.on(topics, again.current);
    return () => { gone = true; stop(); };
  }, [tablet, topics.join(), ...keys]);
  return { ...state, again: () => again.current() };
}

/** The tablet, drawn anew whenever one of these changes. */
function useTurned(...topics: Topic[]): Tablet {
  const tablet = useTablet();
  const [, turn] = useState(0);
  useEffect(() => tablet.live.on(topics, () => turn((n) => n + 1)), [tablet]);
  return tablet;
}

/** What the sending mark shows. */
export const useSync = (): SyncState => useTurned("sync", "outbox", "photos").sync.state;

/** How many photos were taken and are not kept yet. */
export const useMaking = (): number => useTurned("photos").pictures.making;

/** The server's time as far as we know it, in milliseconds; moves on every half minute. */
export function useNow(): number {
  const { skew_ms } = useTablet().sync.state;
  const [, turn] = useState(0);
  useEffect(() => {
    const timer = setInterval(() => turn((n) => n + 1), 30_000);
    return () => clearInterval(timer);
  }, []);
  return Date.now() + (skew_ms ?? 0);
}

export interface Act { busy: boolean; trouble: Trouble | null; run: (work: () => Promise<unknown>) => Promise<boolean>; clear: () => void }

/** Do something that takes a moment, once at a time: busy while it runs, its trouble kept to be shown; on another
 * screen where this one was left meanwhile. */
export function useAct(): Act {
  const [busy, setBusy] = useState(false);
  const [trouble, setTrouble] = useState<Trouble | null>(null);
  const running = useRef(false);
  const gone = useRef(false);
  useEffect(() => () => { gone.current = true; }, []);
  const run = useCallback(async (work: () => Promise<unknown>) => {
    if (running.current) return false;
    running.current = true;
    setBusy(true);
    setTrouble(null);
    try {
      await work();
      return true;
    } catch (error) {
      if (gone.current) miss(asTrouble(error));
      else setTrouble(asTrouble(error));
      return false;
    } finally {
      running.current = false;
      setBusy(false);
    }
  }, []);
  return { busy, trouble, run, clear: () => setTrouble(null) };
}
