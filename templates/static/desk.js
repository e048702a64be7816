// The desk works without this file; it only saves a click here and there.
document.documentElement.classList.add("js");

// A filter sentence answers as soon as one of its words is changed.
document.addEventListener("change", (event) => {
  const form = event.target.closest("form.sentence");
  if (form && event.target.matches("select")) form.requestSubmit();
  if (event.target.matches("[data-all]"))
    for (const box of event.target.form.querySelectorAll("tbody input[type=checkbox]")) box.checked = event.target.checked;
});

// What cannot be undone is asked once more; nothing is sent twice.
document.addEventListener("submit", (event) => {
  const form = event.target;
  const question = event.submitter?.dataset.ask ?? form.dataset.ask;
  if (question && !window.confirm(question)) return event.preventDefault();
  if (form.method !== "post") return;
  if (form.dataset.sent) return event.preventDefault();
  form.dataset.sent = "1";
  remember("sent", typed(form));
});

// What was typed is not lost where a form does not get through, for want of a sign-in or of a network: this tab keeps it
// until the same person has the same form open again. Passwords and files are never kept.
const me = document.querySelector(".me b")?.textContent ?? "";
const TYPED = "textarea, select, input:not([type=hidden], [type=password], [type=file], [type=search], [type=range])";
const fields = (form) => [...form.elements].filter((one) => one.name && one.matches(TYPED));
const ticks = (one) => one.matches("[type=checkbox], [type=radio]");
function typed(form) {
  const kept = fields(form).map((one) => [one.name, one.value, one.checked ?? false]);
  return kept.length && !form.querySelector("[type=password]") ? { by: me, to: form.getAttribute("action"), kept } : null;
}
function remember(name, what) {
  try { what ? sessionStorage.setItem(name, JSON.stringify(what)) : sessionStorage.removeItem(name); } catch { /* no storage */ }
}
function remembered(name) {
  try { return JSON.parse(sessionStorage.getItem(name)); } catch { return null; }
}
function putBack() {
  const sent = remembered("sent");
  remember("sent", null);
  // Our own page tells that the form was refused. No page of ours came at all where one goes back to the form, or asks for
  // it once more, after the browser's own page.
  const refused = document.querySelector("[data-unsent]");
  const [way] = performance.getEntriesByType("navigation");
  const again = way && way.type !== "navigate" && !new URLSearchParams(location.search).has("done");
  if (sent && (refused || again)) remember("unsent", { ...sent, refused: !!refused });
  if (sent && refused) refused.querySelector("[data-kept]").hidden = false;
  const unsent = remembered("unsent");
  if (!unsent || !me) return;
  const form = [...document.forms].find((one) => one.getAttribute("action") === unsent.to);
  if (unsent.by !== me) return remember("unsent", null);
  if (!form) return;
  remember("unsent", null);
  for (const one of fields(form)) {
    const [, value, checked] = unsent.kept.find(([name, value]) => name === one.name && (!ticks(one) || value === one.value)) ?? [];
    if (value === undefined) continue;
    if (ticks(one)) one.checked = checked;
    else if (one.tagName !== "SELECT" || [...one.options].some((option) => option.value === value)) one.value = value;
  }
  form.closest("details")?.setAttribute("open", "");
  const told = Object.assign(document.createElement("p"), { className: "notice wait" });
  told.setAttribute("role", "status");
  told.textContent =
    (unsent.refused ? "刚才没有提交成，填写的内容已放回，请核对后再提交。" : "刚才可能没有提交成，填写的内容已放回；请先看是否已经办好，再提交。") +
    (form.querySelector("[type=file]") ? "照片请重新选择。" : "");
  form.prepend(told);
  told.scrollIntoView({ block: "center" });
}
putBack();
// Coming back with the back button must not find a form that thinks it was sent.
window.addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-sent]")) delete form.dataset.sent;
});

document.addEventListener("click", (event) => {
  if (event.target.closest("[data-print]")) window.print();
  for (const menu of document.querySelectorAll("details.menu[open]"))
    if (!menu.contains(event.target)) menu.open = false;
});
// Escape folds the innermost form one is in, or the menu, and the focus goes back to what opened it. A half-written
// Chinese word is ended by the same key, which then means nothing else.
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape" || event.isComposing) return;
  const open = event.target.closest("details[open]") ?? document.querySelector("details.menu[open]");
  if (!open) return;
  open.open = false;
  open.querySelector("summary").focus();
});
// Enter on a tick is no order: a form of many ticks would be sent by its first button.
document.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && event.target.matches("form[method=post] :is([type=checkbox], [type=radio])")) event.preventDefault();
});

// One key for what a reviewer does all evening: P passes, a figure returns with the phrase that bears it.
document.addEventListener("keydown", (event) => {
  if (event.repeat || event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  if (event.target.closest("input, textarea, select, [contenteditable]")) return;
  const wanted = [...document.querySelectorAll("[data-key]")].find((one) => one.dataset.key === event.key.toLowerCase());
  if (!wanted || wanted.disabled) return;
  event.preventDefault();
  wanted.click();
});

// Before under after: a slider uncovers it, by hand or by the arrow keys; a button puts the two side by side again.
// Without this script they stand side by side.
for (const pair of document.querySelectorAll(".pair[data-slider]")) {
  const after = pair.children[1];
  if (!after?.querySelector("img") || !pair.children[0].querySelector("img")) continue;
  const frame = document.createElement("div");
  const range = Object.assign(document.createElement("input"), { type: "range", min: 0, max: 100, value: 50 });
  const turn = Object.assign(document.createElement("button"), { type: "button", className: "slight", textContent: "并排看" });
  const hand = document.createElement("p");
  range.setAttribute("aria-label", "对比整改前后：向左看整改后，向右看整改前");
  const show = () => {
    const beside = frame.classList.contains("beside");
    after.style.clipPath = beside ? "" : `inset(0 0 0 ${range.value}%)`;
    range.setAttribute("aria-valuetext", `左侧 ${range.value}% 为整改前`);
  };
  range.addEventListener("input", show);
  turn.addEventListener("click", () => {
    const beside = frame.classList.toggle("beside");
    turn.textContent = beside ? "滑动看" : "并排看";
    range.hidden = beside;
    show();
  });
  pair.replaceWith(frame);
  frame.className = "slider";
  hand.className = "hand";
  hand.append(range, turn);
  frame.append(...pair.children, hand);
  show();
}

// A phone's photo is several megabytes: shrink it to 1600 px before it is sent, upright as it was taken. Whatever
// this browser cannot do, it leaves alone: the form sends the file as it is, and the server takes it.
const SIDE = 1600;
async function shrunk(file) {
  if (!file.type.startsWith("image/") || file.size < 400_000) return file;
  try {
    const picture = await createImageBitmap(file, { imageOrientation: "from-image" });
    const scale = Math.min(1, SIDE / Math.max(picture.width, picture.height));
    const canvas = document.createElement("canvas");
    canvas.width = Math.round(picture.width * scale);
    canvas.height = Math.round(picture.height * scale);
    canvas.getContext("2d").drawImage(picture, 0, 0, canvas.width, canvas.height);
    picture.close();
    const small = await new Promise((done) => canvas.toBlob(done, "image/jpeg", 0.85));
    return small && small.size < file.size ? new File([small], file.name.replace(/\.\w+$/, "") + ".jpg", { type: "image/jpeg" }) : file;
  } catch {
    return file;
  }
}
for (const form of document.querySelectorAll("form[data-shrink]")) {
  form.addEventListener("change", async (event) => {
    const input = event.target;
    if (input.type !== "file" || typeof DataTransfer === "undefined") return;
    const buttons = [...form.querySelectorAll("button")];
    for (const button of buttons) button.disabled = true;
    try {
      const kept = new DataTransfer();
      for (const file of input.files) kept.items.add(await shrunk(file));
      input.files = kept.files;
    } catch { /* an old browser: the files stay as they are */ }
    for (const button of buttons) button.disabled = false;
    const shown = form.querySelector("[data-chosen]");
    if (!shown) return;
    shown.replaceChildren();
    for (const one of form.querySelectorAll("input[type=file]"))
      for (const file of one.files) {
        const image = Object.assign(document.createElement("img"), { src: URL.createObjectURL(file), alt: file.name });
        image.addEventListener("load", () => URL.revokeObjectURL(image.src));
        shown.append(image);
      }
  });
}
