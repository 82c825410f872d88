// Parts of a page that come after it: what an element's data-load names takes the place of what is in it.
(() => {
  "use strict";
  const refused = (place, words) => {
    const box = document.createElement("div");
    box.className = "box-body";
    const state = document.createElement("div");
    state.className = "state bad";
    state.setAttribute("role", "alert");
    const said = document.createElement("p");
    said.textContent = words;
    const again = document.createElement("button");
    again.type = "button";
    again.textContent = "Try again";
    again.addEventListener("click", () => load(place));
    state.append(said, again);
    box.append(state);
    place.replaceChildren(box);
  };
  const load = async (place) => {
    place.setAttribute("aria-busy", "true");
    try {
      const answer = await fetch(place.dataset.load, { headers: { Accept: "text/html" } });
      if (answer.redirected) {
        location.reload(); // the session is over, and the page that wants one says so
        return;
      }
      const made = new DOMParser().parseFromString(await answer.text(), "text/html");
      if (!answer.ok) throw new Error(made.querySelector("main .state p:not(.state-code)")?.textContent);
      place.replaceChildren(...made.body.childNodes);
      document.dispatchEvent(new CustomEvent("partloaded", { detail: place }));
    } catch (error) {
      refused(place, error.message && !(error instanceof TypeError) ? error.message : "The gateway can't be reached.");
    } finally {
      place.removeAttribute("aria-busy");
    }
  };
  for (const place of document.querySelectorAll("[data-load]")) load(place);
})();
