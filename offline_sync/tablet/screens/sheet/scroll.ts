/** Brings what was jumped to into view, once. */
import { useEffect, useRef } from "preact/hooks";

export function useScrollTo<Box extends HTMLElement = HTMLElement>(wanted: boolean) {
  const box = useRef<Box>(null);
  useEffect(() => {
    if (wanted) box.current?.scrollIntoView({ block: "center" });
  }, [wanted]);
  return box;
}
