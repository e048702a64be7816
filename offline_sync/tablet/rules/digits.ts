/** What keys of a number pad make of a text; it may be half typed ("8."). */

/** The text after a key; `places` decimals at most, `digits` before the point. */
export function pressed(text: string, key: string, places: number, digits = 6): string {
  if (key === "⌫") return text.slice(0, -1);
  if (key === ".") return places && !text.includes(".") ? `${text || "0"}.` : text;
  const [whole = "", part] = text.split(".");
  if (part !== undefined) return part.length < places ? text + key : text;
  if (whole === "0") return key;
  return whole.length < digits ? text + key : text;
}

/** What is typed so far, as a figure: none while nothing is there. */
export const typed = (text: string): string | null => (text === "" ? null : text.replace(/\.$/, ""));
