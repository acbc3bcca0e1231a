// A cell whose text changed in a live list flashes once: never at the first painting, never for an age that grows, and nothing moves under reduced motion.
(() => {
  "use strict";
  const Unknown = "—";
  const seen = new WeakMap(); // table → name of a row → texts of its cells
  const nameOf = (row) => row.dataset.slug ?? row.dataset.run ?? row.dataset.row;
  // Ages grow by themselves, and data-still marks what follows the clock: neither is news.
  const textOf = (cell) => {
    if ("still" in cell.dataset) return "";
    let text = cell.textContent;
    for (const part of cell.querySelectorAll("time[data-rel]")) text = text.replace(part.textContent, "");
    return text;
  };
  const look = () => {
    for (const table of document.querySelectorAll("table[data-hold]")) {
      const before = seen.get(table);
      const now = new Map();
      for (const row of table.tBodies[0]?.rows ?? []) {
        const name = nameOf(row);
        if (!name) continue;
        const texts = [...row.cells].map(textOf);
        now.set(name, texts);
        const old = before?.get(name);
        if (!old) continue;
        texts.forEach((text, at) => {
          if (text === old[at] || old[at] === Unknown) return; // what becomes known is no change
          const cell = row.cells[at];
          cell.removeAttribute("data-flash");
          void cell.offsetWidth; // begins anew where it still runs
          cell.setAttribute("data-flash", "");
        });
      }
      seen.set(table, now);
    }
  };
  document.addEventListener("animationend", (event) => event.target.removeAttribute?.("data-flash"));
  let waiting = 0;
  const soon = () => (waiting ||= requestAnimationFrame(() => ((waiting = 0), look())));
  new MutationObserver(soon).observe(document.body, { childList: true, subtree: true, characterData: true });
  look();
})();
