/** Photos: a strip of small ones, and the large one, beside the photo it answers where it answers one. */
import { useState } from "preact/hooks";
import { Dialog } from "./dialog";
import { useLive } from "./hooks";
import { Icon } from "./icons";

export interface Picture {
  id: string;
  sha256: string;
  words: string; // 整改前 · 11月20日
  pairs?: string | null; // id of the before-photo that this one answers
  missing?: boolean; // the server waits for it
  whole?: boolean | undefined; // kept as the camera gave it
}

/** One photo, small or large; says where it is when it is not here. */
function Image({ picture, preview }: { picture: Picture; preview: boolean }) {
  const url = useLive(["photos", "rows"], async ({ pictures }) => {
    const { sha256 } = picture;
    return (await pictures.url(sha256, preview)) ?? (preview ? "" : (await pictures.url(sha256, true)) ?? ""); // the small one at least
  }, [picture.sha256, preview]);
  if (url.value) return <img src={url.value} alt={picture.words} loading="lazy" decoding="async" draggable={false} />;
  return (
    <span class="photo-none">
      <Icon name="camera" />
      {url.value === null ? "" : picture.missing ? "照片待传" : "还没有下载"}
    </span>
  );
}

export function PhotoStrip({ photos, label, large }: { photos: readonly Picture[]; label?: string; large?: boolean }) {
  const [open, setOpen] = useState<Picture | null>(null);
  if (!photos.length) return null;
  return (
    <>
      <div class={large ? "strip strip-large" : "strip"} role="group" aria-label={label ?? "照片"}>
        {photos.map((picture) => (
          <button type="button" class="thumb" key={picture.id} aria-label={`看大图：${picture.words}`} onClick={() => setOpen(picture)}>
            <Image picture={picture} preview />
            <span class="thumb-words">{picture.words}</span>
          </button>
        ))}
      </div>
      {photos.some((picture) => picture.whole) && <p class="muted">有照片本机没能缩小，按原图存下了：图上没有时间地点，另有记录；上传会慢一些。</p>}
      {open && <Viewer photos={photos} at={open} onMove={setOpen} onClose={() => setOpen(null)} />}
    </>
  );
}

interface ViewerProps { photos: readonly Picture[]; at: Picture; onMove: (to: Picture) => void; onClose: () => void }

function Viewer({ photos, at, onMove, onClose }: ViewerProps) {
  const index = photos.findIndex((one) => one.id === at.id);
  const pair = at.pairs ? photos.find((one) => one.id === at.pairs) : photos.find((one) => one.pairs === at.id);
  const shown = pair ? (at.pairs ? [pair, at] : [at, pair]) : [at];
  const step = (by: number) => {
    const next = photos[index + by];
    if (next) onMove(next);
  };
  return (
    <Dialog wide title={pair ? "整改前后对照" : at.words} onClose={onClose}>
      <div class={`viewer viewer-${shown.length}`}>
        {shown.map((picture) => (
          <figure key={picture.id}>
            <Image picture={picture} preview={false} />
            <figcaption>{picture.words}</figcaption>
          </figure>
        ))}
      </div>
      {photos.length > 1 && (
        <div class="viewer-steps">
          <button type="button" class="btn btn-plain" disabled={index <= 0} onClick={() => step(-1)}><Icon name="back" />上一张</button>
          <span>{index + 1} / {photos.length}</span>
          <button type="button" class="btn btn-plain" disabled={index >= photos.length - 1} onClick={() => step(1)}>下一张<Icon name="go" /></button>
        </div>
      )}
    </Dialog>
  );
}
