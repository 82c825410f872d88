// Numbers beside the lines, marks where a check found something, and no text applied that was not checked.
(() => {
  "use strict";
  const text = document.getElementById("text");
  const gutter = document.querySelector(".gutter");
  const apply = document.getElementById("apply");
  const hint = document.getElementById("apply-hint");
  if (!text || !gutter) return;

  const problems = new Map();
  for (const each of (text.dataset.problems || "").split(" ").filter(Boolean)) {
    const [line, severity] = each.split(":");
    if (problems.get(line) !== "error") problems.set(line, severity);
  }
  let shown = 0;
  const number = () => {
    const lines = text.value.split("\n").length;
    if (lines === shown) return;
    const rows = document.createDocumentFragment();
    for (let line = 1; line <= lines; line += 1) {
      const row = document.createElement("span");
      row.textContent = line;
      const severity = problems.get(String(line));
      if (severity) row.className = severity;
      rows.append(row);
    }
    gutter.replaceChildren(rows);
    shown = lines;
  };
  const follow = () => { gutter.scrollTop = text.scrollTop; };

  const first = text.value;
  let changed = false;
  const compare = () => {
    number();
    follow();
    if (!changed && text.value !== first) {
      changed = true;
      problems.clear();
      for (const row of gutter.children) row.removeAttribute("class");
      if (apply) {
        apply.disabled = true;
        hint.textContent = "The text has changed: check it before it is applied.";
      }
    }
  };
  const goTo = (line, column) => {
    const lines = text.value.split("\n");
    const before = lines.slice(0, line - 1).reduce((sum, each) => sum + each.length + 1, 0);
    const at = before + Math.min(column - 1, (lines[line - 1] || "").length);
    text.focus();
    text.setSelectionRange(at, at);
    const height = parseFloat(getComputedStyle(text).lineHeight);
    text.scrollTop = Math.max(0, (line - 1) * height - text.clientHeight / 3);
    follow();
  };

  gutter.hidden = false;
  number();
  follow();
  text.addEventListener("input", compare);
  text.addEventListener("scroll", follow);
  for (const link of document.querySelectorAll("[data-line]")) {
    link.addEventListener("click", (event) => {
      event.preventDefault();
      goTo(Number(link.dataset.line), Number(link.dataset.column));
      text.scrollIntoView({ block: "nearest" });
    });
  }
  const sent = () => changed;
  let leaving = false;
  document.getElementById("edit").addEventListener("submit", () => { leaving = true; });
  addEventListener("beforeunload", (event) => { if (sent() && !leaving) event.preventDefault(); });
  addEventListener("pageshow", () => { leaving = false; compare(); });
})();
