// The desk works without this file; it only saves a click here and there.
document.documentElement.classList.add("js");

// A filter sentence answers as soon as one of its words is changed.
document.addEventListener("change", (event) => {
  const form = event.target.closest("form.sentence");
  if (form && event.target.matches("select")) form.requestSubmit();
});

// What cannot be undone is asked once more; nothing is sent twice.
document.addEventListener("submit", (event) => {
  const form = event.target;
  const question = event.submitter?.dataset.ask ?? form.dataset.ask;
  if (question && !window.confirm(question)) return event.preventDefault();
  if (form.method !== "post") return;
  if (form.dataset.sent) return event.preventDefault();
  form.dataset.sent = "1";
});
// Coming back with the back button must not find a form that thinks it was sent.
window.addEventListener("pageshow", () => {
  for (const form of document.querySelectorAll("form[data-sent]")) delete form.dataset.sent;
});

document.addEventListener("click", (event) => {
  if (event.target.closest("[data-print]")) window.print();
  for (const menu of document.querySelectorAll("details.menu[open]"))
    if (!menu.contains(event.target)) menu.open = false;
});
document.addEventListener("keydown", (event) => {
  if (event.key === "Escape") for (const menu of document.querySelectorAll("details.menu[open]")) menu.open = false;
});

// Before under after: a slider uncovers it. Without this script the two stand side by side.
for (const pair of document.querySelectorAll(".pair[data-slider]")) {
  const after = pair.children[1];
  if (!after?.querySelector("img") || !pair.querySelector("img")) continue;
  const frame = document.createElement("div");
  const range = Object.assign(document.createElement("input"), { type: "range", min: 0, max: 100, value: 50 });
  range.setAttribute("aria-label", "左右拖动，对比整改前后");
  const show = () => { after.style.clipPath = `inset(0 0 0 ${range.value}%)`; };
  range.addEventListener("input", show);
  pair.replaceWith(frame);
  frame.className = "slider";
  frame.append(...pair.children, range);
  show();
}
