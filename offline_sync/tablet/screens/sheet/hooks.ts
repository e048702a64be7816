/** How the sheet's parts read the model: each hears only of what it selected. */
import { createContext } from "preact";
import { useContext, useEffect, useReducer, useRef } from "preact/hooks";
import type { SheetModel } from "./model";

/** Where one is on the sheet, and the way elsewhere. */
export interface Desk {
  model: SheetModel;
  show: (item: string, finding?: string | null) => void;
  finish: () => void;
  partner: () => void; // 协助取证
}

export const DeskContext = createContext<Desk | null>(null);

export function useDesk(): Desk {
  const desk = useContext(DeskContext);
  if (!desk) throw new Error("no sheet around this part");
  return desk;
}

/** False in a part's first frame, true from the next on: what one looks at first need not wait for the rest. */
export function useDrawn(): boolean {
  const [drawn, turn] = useReducer<boolean, void>(() => true, false);
  useEffect(() => {
    const timer = setTimeout(turn); // the effect itself comes after the frame
    return () => clearTimeout(timer);
  }, []);
  return drawn;
}

/** What `select` tells of the sheet; draws anew only when that is another value than before. */
export function useSheet<T>(select: (model: SheetModel) => T): T {
  const { model } = useDesk();
  const [, turn] = useReducer<number, void>((n) => n + 1, 0);
  const value = select(model);
  const latest = useRef({ select, value });
  latest.current = { select, value };
  useEffect(() => {
    const hear = () => {
      if (!Object.is(latest.current.select(model), latest.current.value)) turn();
    };
    hear();
    return model.on(hear);
  }, [model]);
  return value;
}
