// Selecting rows: a box in each row, Shift for a range, one box in the head for all that are drawn. The circuit is told by names, and says by data-picked
// which rows are selected; the boxes follow it.
(() => {
  "use strict";
  const boxes = (table) => [...table.querySelectorAll("tbody [data-select]")];
  let anchor = null;
  let shift = false;
  let following = false;

  const tell = (table, names, on, from = null) =>
    names.length > 0 && table.dispatchEvent(new CustomEvent("pick", { bubbles: true, detail: { names, on, from } }));

  // Several boxes that change together, as after a reload, are told together.
  let waiting = new Map();
  const tellSoon = (table, name, on) => {
    if (waiting.size === 0)
      setTimeout(() => {
        const all = [...waiting.values()];
        waiting = new Map();
        for (const one of [true, false])
          for (const list of new Set(all.map((box) => box.table)))
            tell(list, all.filter((box) => box.table === list && box.on === one).map((box) => box.name), one);
      });
    waiting.set(name, { table, name, on });
  };

  // Whether rows between two drawn ones are not drawn: a virtualised table keeps their place with an empty row.
  const gap = (rows, from, to) => {
    for (let row = rows[from].closest("tr").nextElementSibling; row && row !== rows[to].closest("tr"); row = row.nextElementSibling)
      if (!row.querySelector("[data-select]") && row.offsetHeight > 0) return true;
    return false;
  };

  document.addEventListener("click", (event) => (shift = event.shiftKey && event.target.matches?.("[data-select]")), true);
  document.addEventListener("mousedown", (event) => event.shiftKey && event.target.closest?.(".c-sel") && event.preventDefault()); // no text is marked
  document.addEventListener("change", (event) => {
    const box = event.target;
    if (following || !box.matches?.("[data-select], [data-select-all]")) return;
    const table = box.closest("table");
    if (box.matches("[data-select-all]")) return tell(table, boxes(table).map((one) => one.dataset.select), box.checked);
    const name = box.dataset.select;
    const all = boxes(table);
    const [from, to] = [all.findIndex((one) => one.dataset.select === anchor), all.indexOf(box)].sort((a, b) => a - b);
    if (!shift || !anchor || anchor === name) tellSoon(table, name, box.checked);
    else if (from < 0 || gap(all, from, to)) tell(table, [name], box.checked, anchor);
    else tell(table, all.slice(from, to + 1).map((one) => one.dataset.select), box.checked);
    anchor = name;
    shift = false;
  });

  // ---- the boxes follow the circuit --------------------------------------------------------------------------------------------------------
  const follow = (row) => {
    const box = row.querySelector?.("[data-select]");
    if (!box || waiting.has(box.dataset.select)) return;
    const on = row.hasAttribute("data-picked");
    if (box.checked === on) return;
    box.checked = on;
    following = true; // others may want to know, the circuit knows
    box.dispatchEvent(new Event("change", { bubbles: true }));
    following = false;
  };
  const head = (box) => {
    box.checked = box.dataset.selectAll === "all";
    box.indeterminate = box.dataset.selectAll === "some";
  };
  new MutationObserver((changes) => {
    for (const change of changes) {
      if (change.type === "attributes") {
        if (change.target.matches("[data-select-all]")) head(change.target);
        else follow(change.target);
        continue;
      }
      for (const node of change.addedNodes) {
        if (node.nodeType !== Node.ELEMENT_NODE) continue;
        const row = node.closest("tr[data-picked]"); // also a box alone that was drawn anew
        for (const one of row ? [row] : node.querySelectorAll("tr[data-picked]")) follow(one);
        for (const box of node.querySelectorAll("[data-select-all]")) head(box);
      }
    }
  }).observe(document.body, { childList: true, subtree: true, attributes: true, attributeFilter: ["data-picked", "data-select-all"] });

  document.addEventListener("DOMContentLoaded", () => window.Blazor?.registerCustomEventType("pick", { createEventArgs: (event) => event.detail }));
})();
