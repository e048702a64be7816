/** 对照拍: the camera with the before-photo faint over it, so that the after-photo is taken from the same spot.
 *
 * Where the browser gives no camera, its own file input takes the picture; then the before-photo stands above it.
 */
import { useEffect, useRef, useState } from "preact/hooks";
import { Loading } from "./bits";
import { Button } from "./button";
import { Capture } from "./capture";
import { Dialog } from "./dialog";
import { useLive } from "./hooks";

type State = "starting" | "ready" | "denied" | "none";

const WHY: Record<"denied" | "none", string> = {
  denied: "巡村没有使用相机的权限，改用系统相机拍：请先看清上面整改前的位置，再到同一处拍。",
  none: "这台设备不能在应用内打开相机，改用系统相机拍：请先看清上面整改前的位置，再到同一处拍。",
};
const FAINT = 35; // per cent

interface Props { sha256: string; busy: boolean; onFile: (file: File) => void; onClose: () => void }

export function GhostCamera({ sha256, busy, onFile, onClose }: Props) {
  const video = useRef<HTMLVideoElement>(null);
  const [state, setState] = useState<State>("starting");
  const [faint, setFaint] = useState(FAINT);
  const [ratio, setRatio] = useState(4 / 3); // of the camera: what is seen is what is taken
  const before = useLive(["photos", "rows"], async ({ pictures }) => (await pictures.url(sha256, false)) ?? (await pictures.url(sha256, true)) ?? "", [sha256]);
  useEffect(() => {
    let gone = false;
    let stream: MediaStream | null = null;
    const open = async () => {
      stream = await navigator.mediaDevices.getUserMedia({ audio: false, video: { facingMode: "environment", width: { ideal: 1920 }, height: { ideal: 1440 } } });
      const screen = video.current;
      if (gone || !screen) return;
      screen.srcObject = stream;
      await screen.play();
      if (screen.videoHeight) setRatio(screen.videoWidth / screen.videoHeight);
      setState("ready");
    };
    if (navigator.mediaDevices) open().catch((error: unknown) => { if (!gone) setState(why(error)); }).finally(() => { if (gone) stop(stream); });
    else setState("none");
    return () => { gone = true; stop(stream); };
  }, []);
  const shoot = async () => {
    const file = video.current && (await frame(video.current));
    if (file) onFile(file);
  };
  const own = state === "starting" || state === "ready";
  return (
    <Dialog wide title="对照整改前拍" onClose={onClose} actions={own
      ? <Button kind="main" icon="camera" busy={busy} disabled={state !== "ready"} onClick={() => void shoot()}>{busy ? "正在存照片…" : "拍照"}</Button>
      : <Capture main busy={busy} words="打开系统相机" onFile={onFile} />
    }>
      {own ? (
        <div class="ghost" style={{ aspectRatio: `${ratio}`, width: `min(100%, calc(68vh * ${ratio}))` }}>
          <video ref={video} playsInline muted aria-label="相机画面" />
          {before.value && <img class="ghost-before" src={before.value} alt="整改前，半透明" style={{ opacity: faint / 100 }} />}
          {state === "starting" && <Loading words="正在打开相机…" />}
          {before.value === "" && <p class="ghost-none">整改前照片还没有下载到本机，不能叠放；可以直接拍。</p>}
        </div>
      ) : (
        <div class="stack">
          {before.value && <img class="ghost-still" src={before.value} alt="整改前" />}
          <p class="note note-amber">{WHY[state]}</p>
        </div>
      )}
      {own && before.value && (
        <label class="ghost-range">整改前照片　淡<input type="range" min={0} max={80} value={faint} aria-label="整改前照片的浓淡" onInput={(event) => setFaint(Number(event.currentTarget.value))} />浓</label>
      )}
    </Dialog>
  );
}

/** What the camera shows at this moment, as a file; null while it shows nothing. */
async function frame(video: HTMLVideoElement): Promise<File | null> {
  if (!video.videoWidth) return null;
  const canvas = document.createElement("canvas");
  canvas.width = video.videoWidth;
  canvas.height = video.videoHeight;
  canvas.getContext("2d")?.drawImage(video, 0, 0);
  const blob = await new Promise<Blob | null>((done) => canvas.toBlob(done, "image/jpeg", 0.92));
  canvas.width = 0; // an iPad gives the memory back now, not some time later
  return blob && new File([blob], "after.jpg", { type: "image/jpeg" });
}

const stop = (stream: MediaStream | null): void => stream?.getTracks().forEach((track) => track.stop());
const why = (error: unknown): State => (error instanceof DOMException && (error.name === "NotAllowedError" || error.name === "SecurityError") ? "denied" : "none");
