// Before the first paint: that there are scripts; and light, dark or what the system says, as kept in this browser.
(() => {
  "use strict";
  const KEY = "tornado-gateway-theme";
  const ORDER = ["system", "light", "dark"];
  const root = document.documentElement;
  const read = () => {
    try {
      const kept = localStorage.getItem(KEY);
      return ORDER.includes(kept) ? kept : "system";
    } catch {
      return "system";
    }
  };
  root.setAttribute("data-scripts", "");
  let theme = read();
  const apply = () => {
    if (theme === "system") root.removeAttribute("data-theme");
    else root.setAttribute("data-theme", theme);
  };
  apply();
  const tell = () => document.dispatchEvent(new CustomEvent("themechange"));
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", tell);
  document.addEventListener("DOMContentLoaded", () => {
    const button = document.getElementById("theme");
    const word = button.querySelector("span");
    word.textContent = theme;
    button.hidden = false;
    button.addEventListener("click", () => {
      theme = ORDER[(ORDER.indexOf(theme) + 1) % ORDER.length];
      try {
        localStorage.setItem(KEY, theme);
      } catch {
        // A browser that keeps nothing has the theme until the next page.
      }
      word.textContent = theme;
      apply();
      tell();
    });
  });
})();
