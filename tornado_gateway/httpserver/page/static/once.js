// A key that is shown once: copied at a press, and not made again where the page is loaded again.
(() => {
  "use strict";
  history.replaceState(null, "", "/admin/keys");
  const button = document.getElementById("copy");
  const secret = document.getElementById("secret");
  if (!button || !secret || !navigator.clipboard) return;
  button.hidden = false;
  button.addEventListener("click", async () => {
    try {
      await navigator.clipboard.writeText(secret.textContent);
      button.textContent = "Copied";
    } catch {
      getSelection().selectAllChildren(secret);
      button.textContent = "Press Ctrl+C";
    }
  });
})();
