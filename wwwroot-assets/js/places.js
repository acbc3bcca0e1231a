// Where one stood: how far lists are scrolled, what is selected and unfolded comes back when the page is loaded again, or gone back to. In this tab
// alone, per address.
(() => {
  "use strict";
  const Prefix = "place|";
  const Most = 30;
  // Without the question that is open over the page: the lists beneath it are the same.
  const address = () => {
    const query = new URLSearchParams(location.search);
    if (query.has("act")) for (const name of ["act", "of"]) query.delete(name); // alone, "of" is a filter
    return query.size > 0 ? `${location.pathname}?${query}` : location.pathname;
  };
  const read = (where) => {
    try {
      return JSON.parse(sessionStorage.getItem(Prefix + where)) ?? {};
    } catch {
      return {};
    }
  };
  const write = (where, change) => {
    try {
      sessionStorage.setItem(Prefix + where, JSON.stringify({ ...read(where), ...change, at: Date.now() }));
      const known = Object.keys(sessionStorage).filter((key) => key.startsWith(Prefix));
      if (known.length <= Most) return;
      known.sort((one, other) => (JSON.parse(sessionStorage.getItem(one)).at ?? 0) - (JSON.parse(sessionStorage.getItem(other)).at ?? 0));
      for (const key of known.slice(0, known.length - Most)) sessionStorage.removeItem(key);
    } catch {
      // Full, or not allowed: the page then begins at its top.
    }
  };
  const lists = () => [...document.querySelectorAll("main .scroll")];
  const folds = () => [...document.querySelectorAll("main details:not(.menu):not([data-folds])")];
  const foldName = (fold) => (fold.querySelector("summary")?.textContent ?? "").trim().slice(0, 60);

  // ---- remember ------------------------------------------------------------------------------------------------------------------------------
  let returning = null;
  let timer = 0;
  const note = () => {
    timer = 0;
    if (!returning) write(address(), { tops: lists().map((list) => Math.round(list.scrollTop)) });
  };
  document.addEventListener("scroll", (event) => event.target.matches?.(".scroll") && (timer ||= setTimeout(note, 150)), { capture: true, passive: true });
  document.addEventListener(
    "toggle",
    (event) => {
      if (returning || !event.target.matches?.("main details:not(.menu)")) return;
      write(address(), { folds: folds().filter((fold) => fold.open).map(foldName) });
    },
    true,
  );
  // The bar of a selection names what is selected, also rows that are not drawn.
  const chosen = () => document.querySelector("[data-selection]")?.dataset.selection.split(" ").filter(Boolean) ?? [];
  let noted = "";
  const noteChosen = () => {
    const names = chosen();
    const all = document.querySelector("[data-selection-all]") !== null;
    const now = [address(), all, ...names].join(" ");
    if (returning || now === noted) return;
    noted = now;
    if (names.length > 0 || all || read(address()).chosen) write(address(), { chosen: names.slice(0, 2000), all });
  };
  new MutationObserver(noteChosen).observe(document.body, { childList: true, subtree: true, attributes: true, attributeFilter: ["data-selection", "data-selection-all"] });
  const last = () => timer && (clearTimeout(timer), note());
  addEventListener("pagehide", last);

  // ---- go back there: until it is reached, the person moves, or the list is another one ------------------------------------------------------------
  const begin = () => {
    const place = read(address());
    returning = {
      where: address(),
      tops: place.tops ?? [],
      folds: place.folds ?? [],
      chosen: place.chosen ?? [],
      all: place.all === true,
      until: Date.now() + 15000,
    };
    step();
  };
  const end = () => (returning = null);
  // Rows that were asked for below the first ones are asked for again, as long as one stood further down.
  const further = (now) => {
    if (Date.now() < (returning.asked ?? 0)) return;
    returning.tops.forEach((top, index) => {
      const list = now[index];
      const more = list && list.scrollHeight - list.clientHeight < top - 1 && list.querySelector("tr.tail button:not([disabled])");
      if (!more) return;
      returning.asked = Date.now() + 400;
      more.click();
    });
  };
  const step = () => {
    if (!returning) return;
    if (returning.where !== address() || Date.now() > returning.until) return end();
    for (const fold of folds()) if (returning.folds.includes(foldName(fold)) && !fold.open) fold.open = true;
    const now = lists();
    let there = true;
    returning.tops.forEach((top, index) => {
      const list = now[index];
      if (!list) return (there = false);
      if (Math.abs(list.scrollTop - top) > 1) list.scrollTop = top;
      there &&= Math.abs(list.scrollTop - top) <= 1;
    });
    const live = document.querySelector("[data-testid=live-badge]")?.dataset.state;
    if (live && live !== "connecting") {
      const table = (returning.all || returning.chosen.length > 0) && document.querySelector("[data-select]")?.closest("table");
      if (table) {
        const { chosen: names, all } = returning;
        table.dispatchEvent(new CustomEvent("pick", { bubbles: true, detail: { names, on: true, from: null, all } }));
        [returning.chosen, returning.all] = [[], false];
      }
      if (!there) further(now);
      if (there && returning.chosen.length === 0 && !returning.all) returning.settled = (returning.settled ?? 0) + 1;
      if (returning.settled > 20) return end(); // rows may still come in above and move it
    }
    requestAnimationFrame(step);
  };
  for (const type of ["wheel", "touchmove", "pointerdown", "keydown"]) addEventListener(type, end, { capture: true, passive: true });
  addEventListener("popstate", () => setTimeout(begin));
  const came = performance.getEntriesByType("navigation")[0]?.type;
  const Return = "place-return";
  if (came === "reload" || came === "back_forward" || sessionStorage.getItem(Return) === address()) begin();
  else if (document.querySelector("[data-person]")) {
    try {
      sessionStorage.removeItem(Prefix + address()); // somebody comes here anew
    } catch {
      // Nothing is kept then.
    }
  }
  if (document.querySelector("[data-person]")) sessionStorage.removeItem(Return);
  // A page that is loaded again because its circuit is gone may pass the sign-in first.
  document.addEventListener("link-reload", () => sessionStorage.setItem(Return, address()));
})();
