// While the next page is awaited: a bar along the top, and a form that is not sent twice.
(() => {
  "use strict";
  const root = document.documentElement;
  const done = () => {
    root.removeAttribute("data-busy");
    for (const form of document.querySelectorAll("form[aria-busy]")) form.removeAttribute("aria-busy");
  };
  document.addEventListener("submit", (event) => {
    if (event.defaultPrevented) return;
    if (event.target.hasAttribute("aria-busy")) {
      event.preventDefault();
      return;
    }
    event.target.setAttribute("aria-busy", "true");
    root.setAttribute("data-busy", "");
  });
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[href^='/admin/']");
    if (!link || event.defaultPrevented || event.button || event.metaKey || event.ctrlKey || event.shiftKey) return;
    if (link.target || link.hasAttribute("download")) return;
    root.setAttribute("data-busy", "");
  });
  addEventListener("pageshow", done);
})();
