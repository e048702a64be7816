/** Brings what was jumped to into view, once. */
import { useEffect, useRef } from "preact/hooks";

export function useScrollTo(wanted: boolean) {
  const box = useRef<HTMLElement>(null);
  useEffect(() => {
    if (wanted) box.current?.scrollIntoView({ block: "center" });
  }, [wanted]);
  return box;
}
