/** 拍照: the system's camera (or a file) hands over a picture; what becomes of it is the caller's. */
import { useRef } from "preact/hooks";
import { Button } from "./button";

export function Capture({ onFile, busy, words = "拍照", main }: { onFile: (file: File) => void; busy?: boolean; words?: string; main?: boolean }) {
  const input = useRef<HTMLInputElement>(null);
  return (
    <>
      <input
        ref={input} class="unseen" type="file" accept="image/*" capture="environment" tabIndex={-1} aria-label={words}
        onChange={(event) => {
          const [file] = event.currentTarget.files ?? [];
          event.currentTarget.value = ""; // the same picture again must be heard too
          if (file) onFile(file);
        }}
      />
      <Button icon="camera" kind={main ? "main" : "plain"} busy={busy ?? false} onClick={() => input.current?.click()}>{busy ? "正在存照片…" : words}</Button>
    </>
  );
}
