/** The village head signs with a finger: lines on a canvas, kept as a photo of its own role. */
import { useEffect, useRef, useState } from "preact/hooks";
import { Button } from "../../parts/button";

const WIDTH = 1200; // px of the picture, whatever the screen
const HEIGHT = 480;

interface Props { busy: boolean; onSigned: (picture: Blob) => void }

export function SignaturePad({ busy, onSigned }: Props) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const [drawn, setDrawn] = useState(false);
  useEffect(() => clear(canvas.current), []);
  const again = () => {
    clear(canvas.current);
    setDrawn(false);
  };
  const done = () => canvas.current?.toBlob((blob) => blob && onSigned(blob), "image/jpeg", 0.92);
  return (
    <div class="sign-pad">
      <canvas ref={canvas} width={WIDTH} height={HEIGHT} aria-label="手写签名区"
        onPointerDown={(event) => { event.currentTarget.setPointerCapture(event.pointerId); begin(event); }}
        onPointerMove={(event) => { if (event.buttons & 1) { follow(event); setDrawn(true); } }} />
      {!drawn && <span class="sign-hint" aria-hidden="true">请用手指在这里签名</span>}
      <div class="btns">
        <Button kind="main" disabled={!drawn} busy={busy} onClick={done}>签好了</Button>
        <Button disabled={!drawn || busy} onClick={again}>重写</Button>
      </div>
    </div>
  );
}

/** White below the lines: the picture becomes a JPEG. Canvas colours are asked of the page, which has them from tokens. */
function clear(canvas: HTMLCanvasElement | null): void {
  const context = canvas?.getContext("2d");
  if (!canvas || !context) return;
  const style = getComputedStyle(canvas);
  context.fillStyle = style.backgroundColor;
  context.fillRect(0, 0, WIDTH, HEIGHT);
  context.strokeStyle = style.color;
  context.lineWidth = 7;
  context.lineCap = context.lineJoin = "round";
}

function spot(event: PointerEvent): [CanvasRenderingContext2D | null, number, number] {
  const canvas = event.currentTarget as HTMLCanvasElement;
  const box = canvas.getBoundingClientRect();
  return [canvas.getContext("2d"), ((event.clientX - box.left) / box.width) * WIDTH, ((event.clientY - box.top) / box.height) * HEIGHT];
}

function begin(event: PointerEvent): void {
  const [context, x, y] = spot(event);
  context?.beginPath();
  context?.moveTo(x, y);
}

/** A segment from where the pen was: drawn at once, begun anew so that a long name stays quick. */
function follow(event: PointerEvent): void {
  const [context, x, y] = spot(event);
  context?.lineTo(x, y);
  context?.stroke();
  context?.beginPath();
  context?.moveTo(x, y);
}
