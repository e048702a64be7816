/** Two taps to a photo: this button, and the camera's own. Everything typed is on the disk before the camera opens. */
import { useRef } from "preact/hooks";
import type { PhotoAbout, PhotoRole, Position } from "../../model";
import { Icon } from "../../parts/icons";
import type { Act } from "../../parts/hooks";
import { useTablet } from "../../parts/hooks";

const FIX_WAIT = 8000; // ms: a position that takes longer is 无定位

export interface Shot { about: PhotoAbout; role: PhotoRole; pairs: string | null; place: string; who: string }

interface Props {
  words: string;
  act: Act; // shows that it runs, keeps what went wrong
  before: () => Promise<void>; // makes everything durable
  shot: () => Shot; // what is photographed, asked when the picture is there
  taken?: ((photo: string) => void) | undefined; // its id, when its bytes are kept
  main?: boolean;
  disabled?: boolean;
}

/** The camera. Beside it stands `Album` for pictures that are there already. */
export function Shoot(props: Props) {
  return <Taker {...props} camera icon />;
}

export function Album(props: Props) {
  return <Taker {...props} camera={false} icon={false} />;
}

function Taker({ words, act, before, shot, taken, main, disabled, camera, icon }: Props & { camera: boolean; icon: boolean }) {
  const tablet = useTablet();
  const input = useRef<HTMLInputElement>(null);
  const fix = useRef<Promise<Position | null>>(Promise.resolve(null));
  const open = async () => {
    // Asked for while the person aims: it is there, or it is no answer, when the picture comes back.
    fix.current = tablet.where.now(FIX_WAIT).catch(() => null);
    if (await act.run(before)) input.current?.click();
  };
  const take = async (files: FileList | null) => {
    const chosen = [...(files ?? [])];
    if (input.current) input.current.value = "";
    await act.run(async () => {
      for (const file of chosen) {
        const photo = await tablet.pictures.take(file, { ...shot(), position: camera ? await fix.current : null });
        taken?.(photo.id);
      }
    });
  };
  return (
    <>
      <button type="button" class={`btn ${main ? "btn-main" : "btn-plain"}`} disabled={disabled || act.busy} aria-busy={act.busy} onClick={() => void open()}>
        {icon && <Icon name="camera" />}<span>{act.busy && camera ? "正在存照片…" : words}</span>
      </button>
      <input ref={input} type="file" accept="image/*" hidden multiple={!camera} aria-label={words}
        {...(camera ? { capture: "environment" } : {})} onChange={(event) => void take(event.currentTarget.files)} />
    </>
  );
}
