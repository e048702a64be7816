/** The camera looking for a QR code. Says each text it reads; goes on looking until it is taken away. */
import { useEffect, useRef, useState } from "preact/hooks";
import { Button } from "./button";
import { openReader } from "./decode";
import { Loading } from "./bits";

const PAUSE = 150; // milliseconds between two looks: the camera stays smooth on an old tablet

type State = "starting" | "looking" | "denied" | "none" | "unreadable";

const WHY: Record<"denied" | "none" | "unreadable", string> = {
  denied: "巡村没有使用相机的权限。可在系统设置里允许后再来，也可以直接在下面输入。",
  none: "这台设备上没有可用的相机，请在下面输入。",
  unreadable: "扫码组件没有装好，请在下面输入；联网打开一次巡村后会补装。",
};

interface Torch { torch?: boolean }

export function Scanner({ onText, hint }: { onText: (text: string) => void; hint: string }) {
  const video = useRef<HTMLVideoElement>(null);
  const [state, setState] = useState<State>("starting");
  const [torch, setTorch] = useState<{ track: MediaStreamTrack; on: boolean } | null>(null);
  const hear = useRef(onText);
  hear.current = onText;
  useEffect(() => {
    let gone = false;
    let stream: MediaStream | null = null;
    const look = async () => {
      stream = await navigator.mediaDevices.getUserMedia({ audio: false, video: { facingMode: "environment", width: { ideal: 1280 } } });
      const screen = video.current;
      if (gone || !screen) return;
      screen.srcObject = stream;
      await screen.play();
      setState("looking");
      const [track] = stream.getVideoTracks();
      if (track && (track.getCapabilities?.() as Torch | undefined)?.torch) setTorch({ track, on: false });
      const read = await openReader().catch(() => null);
      if (!read) return setState("unreadable");
      while (!gone) {
        const text = await read(screen).catch(() => null);
        if (text && !gone) hear.current(text);
        await new Promise((done) => setTimeout(done, PAUSE));
      }
    };
    if (navigator.mediaDevices) look().catch((error: unknown) => { if (!gone) setState(why(error)); }).finally(() => { if (gone) stop(stream); });
    else setState("none");
    return () => { gone = true; stop(stream); };
  }, []);
  const light = () => {
    if (!torch) return;
    const on = !torch.on;
    torch.track.applyConstraints({ advanced: [{ torch: on } as MediaTrackConstraintSet] }).then(() => setTorch({ ...torch, on }), () => setTorch(null));
  };
  if (state === "denied" || state === "none" || state === "unreadable") return <p class="note note-amber">{WHY[state]}</p>;
  return (
    <div class="scanner">
      <video ref={video} playsInline muted aria-label="相机画面" />
      {state === "starting" ? <Loading words="正在打开相机…" /> : <div class="scanner-frame" aria-hidden="true" />}
      <p class="scanner-hint">{hint}</p>
      {torch && <Button icon="torch" onClick={light}>{torch.on ? "关灯" : "开灯"}</Button>}
    </div>
  );
}

const stop = (stream: MediaStream | null): void => stream?.getTracks().forEach((track) => track.stop());
const why = (error: unknown): State => (error instanceof DOMException && (error.name === "NotAllowedError" || error.name === "SecurityError") ? "denied" : "none");
