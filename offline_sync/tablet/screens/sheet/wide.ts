/** Whether there is room for a column on each side of the item. The same bound stands in css/sheet.css. */
import { useEffect, useState } from "preact/hooks";

const WIDE = "(min-width: 1000px)";

export function useWide(): boolean {
  const [wide, set] = useState(() => matchMedia(WIDE).matches);
  useEffect(() => {
    const query = matchMedia(WIDE);
    const hear = () => set(query.matches);
    query.addEventListener("change", hear);
    return () => query.removeEventListener("change", hear);
  }, []);
  return wide;
}
