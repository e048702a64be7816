/** Two taps to a photo: this button, and the camera's own. Everything typed is on the disk before the camera opens. */
import { useRef } from "preact/hooks";
import type { PhotoAbout, PhotoRole, Position } from "../../model";
import { Icon } from "../../parts/icons";
import type { Act } from "../../parts/hooks";
import { asTrouble, useTablet } from "../../parts/hooks";
import { Trouble } from "../../tablet";

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
  const keep = async (file: File) => {
    const wanted = shot();
    try {
      const photo = await tablet.pictures.take(file, { ...wanted, position: camera ? await fix.current : null });
      taken?.(photo.id);
    } catch (error) {
      const { code, message, more } = asTrouble(error);
      const item = wanted.about.kind === "inspection" && wanted.about.item;
      throw new Trouble(code, item ? `${item}：${message}` : message, more);
    }
  };
  const take = async (files: FileList | null) => {
    const chosen = [...(files ?? [])];
    if (input.current) input.current.value = "";
    await act.run(async () => {
      const lost: Trouble[] = [];
      for (const file of chosen) await keep(file).catch((error: unknown) => lost.push(asTrouble(error)));
      const [first] = lost;
      // One that cannot be read keeps none of the others out.
      if (first) throw chosen.length > 1 ? new Trouble(first.code, `选的 ${chosen.length} 张里有 ${lost.length} 张没有收下。${first.message}`) : first;
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
