"""What a reader of the page by ear or keyboard needs, asked of the browser itself."""

from playwright.sync_api import Page

_FAULTS = """() => {
  const faults = [];
  const say = (what, element) => faults.push(`${what}: ${element.outerHTML.slice(0, 140)}`);
  const all = (selector) => [...document.querySelectorAll(selector)].filter((element) => element.checkVisibility());
  const named = (element) => {
    const by = element.getAttribute("aria-labelledby");
    return Boolean(
      element.getAttribute("aria-label")?.trim() ||
      (by && document.getElementById(by)?.textContent.trim()) ||
      element.labels?.length ||
      element.textContent.trim() ||
      element.querySelector("img[alt]:not([alt=''])"));
  };
  if (!document.documentElement.lang) faults.push("no language");
  if (all("h1").length !== 1) faults.push(`${all("h1").length} headings of the first rank`);
  if (all("main").length !== 1) faults.push("no one main part");
  for (const element of all("input:not([type=hidden]), select, textarea"))
    if (!element.labels?.length && !element.getAttribute("aria-label")) say("no label", element);
  for (const element of all("a[href], button, summary")) if (!named(element)) say("no name", element);
  for (const element of all("[role=region], nav, [role=img]"))
    if (!element.getAttribute("aria-label") && !element.getAttribute("aria-labelledby")) say("no name", element);
  for (const element of all("section")) if (!named(element)) say("no name", element);
  for (const element of all("img:not([alt])")) say("no alternative", element);
  for (const element of all("table th")) if (!element.scope) say("no scope", element);
  for (const element of all("table")) if (!element.querySelector("thead th")) say("no heads", element);
  const ids = [...document.querySelectorAll("[id]")].map((element) => element.id);
  for (const id of ids.filter((each, index) => ids.indexOf(each) !== index)) faults.push(`id twice: ${id}`);
  for (const attribute of ["aria-labelledby", "aria-describedby"])
    for (const element of document.querySelectorAll(`[${attribute}]`))
      for (const id of element.getAttribute(attribute).split(" "))
        if (!document.getElementById(id)) say(`nothing is called ${id}`, element);
  for (const element of all("[tabindex]")) if (element.tabIndex > 0) say("order of its own", element);
  const ranks = all("h1, h2, h3, h4").map((element) => Number(element.tagName[1]));
  ranks.forEach((rank, index) => {
    if (index && rank > ranks[index - 1] + 1) faults.push(`heading of rank ${rank} after ${ranks[index - 1]}`);
  });
  for (const element of all(".scroll"))
    if (element.scrollWidth > element.clientWidth && element.tabIndex !== 0) say("scrolls by mouse alone", element);
  return faults;
}"""


def faults(page: Page) -> list[str]:
    found: list[str] = page.evaluate(_FAULTS)
    return found


def overflow(page: Page) -> list[str]:
    """Elements that stick out of the window at the right, but what scrolls in a box of its own."""
    found: list[str] = page.evaluate(
        """() => {
          const width = document.documentElement.clientWidth;
          if (document.documentElement.scrollWidth <= width) return [];
          const inside = (element) => element.closest(".scroll") && !element.matches(".scroll");
          const found = [...document.querySelectorAll("body *")]
            .filter((element) => !inside(element) && element.getBoundingClientRect().right > width + 0.5)
            .map((element) => element.outerHTML.slice(0, 120));
          return found.length ? found : ["something that a box which scrolls does not hold"];
        }"""
    )
    return found
