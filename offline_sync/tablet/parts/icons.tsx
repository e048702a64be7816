/** The few pictures, drawn by strokes in the colour of the words beside them. */
const PATHS = {
  back: "M15 5l-7 7 7 7",
  go: "M9 5l7 7-7 7",
  tick: "M5 12.5l4.5 4.5L19 7.5",
  close: "M6 6l12 12M18 6L6 18",
  plus: "M12 5v14M5 12h14",
  camera: "M4 8h3l2-3h6l2 3h3v11H4zM12 10a3.5 3.5 0 1 0 0 7 3.5 3.5 0 0 0 0-7z",
  search: "M10.5 4a6.5 6.5 0 1 0 0 13 6.5 6.5 0 0 0 0-13zM15.5 15.5L20 20",
  scan: "M4 9V4h5M15 4h5v5M20 15v5h-5M9 20H4v-5M8 12h8",
  villages: "M3 11l6-5 6 5v8H3zM15 13l3-2.5 3 2.5v6h-6M7.5 19v-4h3v4",
  tasks: "M5 4h14v16H5zM8.5 9h7M8.5 13h7M8.5 17h4",
  send: "M12 19V6M6 11.5L12 5l6 6.5",
  person: "M12 4a4 4 0 1 0 0 8 4 4 0 0 0 0-8zM4.5 20c1-4 4-5.5 7.5-5.5s6.5 1.5 7.5 5.5",
  sun: "M12 8a4 4 0 1 0 0 8 4 4 0 0 0 0-8zM12 2v2.500M12 19.500V22M2 12h2.500M19.5 12H22M5 5l1.7 1.700M17.3 17.300L19 19M5 19l1.7-1.700M17.3 6.700L19 5",
  torch: "M8 3h8v4l-2 3v11h-4V10L8 7z",
  pin: "M12 21c-4-5-6.5-8-6.5-11a6.5 6.5 0 0 1 13 0c0 3-2.5 6-6.5 11zM12 8a2.3 2.3 0 1 0 0 4.600A2.3 2.3 0 0 0 12 8z",
  warn: "M12 4l9 16H3zM12 10v5M12 17.500v.5",
} as const;

export type IconName = keyof typeof PATHS;

/** Decoration only: what it says must also stand in words, or in the button's label. */
export function Icon({ name, size = 24 }: { name: IconName; size?: number }) {
  return (
    <svg class="icon" viewBox="0 0 24 24" width={size} height={size} aria-hidden="true" focusable="false">
      <path d={PATHS[name]} />
    </svg>
  );
}
