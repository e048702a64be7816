/** What comes up over a screen and goes away again: from below on a phone, in the middle on a tablet. */
import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { Button } from "./button";
import { isDialogStep } from "./route";

let opened = 0; // how deep dialogs stand in each other

interface Props {
  title: string;
  onClose: () => void; // Escape, the back button, a tap beside it, the cross
  children: ComponentChildren;
  actions?: ComponentChildren;
  wide?: boolean; // the whole screen: photos, the camera
}

/** The browser's own modal keeps the focus inside; the back button closes it because it stands in the history. */
export function Dialog({ title, onClose, children, actions, wide }: Props) {
  const box = useRef<HTMLDialogElement>(null);
  const close = useRef(onClose);
  close.current = onClose;
  useEffect(() => {
    const dialog = box.current;
    const depth = ++opened;
    const before = document.activeElement;
    dialog?.showModal();
    history.pushState({ dialog: depth }, "");
    const hear = () => {
      if (!isDialogStep(history.state) || history.state.dialog < depth) close.current();
    };
    addEventListener("popstate", hear);
    return () => {
      opened--;
      removeEventListener("popstate", hear);
      dialog?.close();
      if (isDialogStep(history.state) && history.state.dialog === depth) history.back();
      if (before instanceof HTMLElement && before.isConnected) before.focus({ preventScroll: true });
    };
  }, []);
  return (
    <dialog
      ref={box} class={`dialog ${wide ? "dialog-wide" : ""}`} aria-label={title}
      onCancel={(event) => { event.preventDefault(); onClose(); }}
      onClick={(event) => { if (event.target === box.current) onClose(); }}
    >
      <div class="dialog-box">
        <div class="dialog-head">
          <h2>{title}</h2>
          <Button kind="quiet" icon="close" label="关闭" onClick={onClose} />
        </div>
        <div class="dialog-body">{children}</div>
        {actions && <div class="dialog-foot">{actions}</div>}
      </div>
    </dialog>
  );
}
