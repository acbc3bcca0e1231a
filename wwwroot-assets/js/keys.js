// The keyboard: one table binds the keys and writes the help sheet, so that the two cannot differ.
// Single keys never act while somebody types or composes, with a modifier held, or while a dialog is open; the look menu switches them off.
(() => {
  "use strict";
  const root = document.documentElement;
  const on = () => root.dataset.keys !== "off";
  const mac = /mac|iphone|ipad/i.test(navigator.userAgentData?.platform ?? navigator.platform);
  const typing = (element) => element?.closest?.("input:not([type=checkbox]):not([type=radio]):not([type=button]), textarea, select, [contenteditable], [role=combobox]");
  const seen = (element) => element.checkVisibility?.() ?? element.offsetParent !== null;
  const main = () => document.getElementById("main");

  // ---- rows: the current one has the focus; it is found again by what it shows when the list is drawn anew --------------------------------
  const listed = "table.t:not(.skel) > tbody > tr:not(.tail)";
  const rows = () => [...(main()?.querySelectorAll(listed) ?? [])].filter((row) => opener(row) && seen(row));
  const opener = (row) => row.querySelector("a[href], summary");
  const nameOf = (row) => row.dataset.slug ?? row.dataset.run ?? row.querySelector("a[href]")?.getAttribute("href") ?? row.cells[0]?.textContent;
  let current = null; // { row, name, index }
  const remember = (row) => (current = row ? { row, name: nameOf(row), index: rows().indexOf(row) } : null);
  const stand = (row, scroll = true) => {
    if (!row.hasAttribute("tabindex")) row.tabIndex = -1;
    row.focus({ preventScroll: true });
    if (scroll) row.scrollIntoView({ block: "nearest" });
    remember(row);
  };
  const find = (list) => list.find((row) => row === current?.row) ?? list.find((row) => nameOf(row) === current?.name);
  const inSight = (row) => {
    const [box, frame] = [row.getBoundingClientRect(), (row.closest(".scroll") ?? main()).getBoundingClientRect()];
    return box.top >= Math.max(0, frame.top) - 1 && box.bottom <= Math.min(innerHeight, frame.bottom) + 1;
  };
  const move = (step) => {
    const list = rows();
    if (list.length === 0) return;
    const at = current ? list.indexOf(find(list)) : -1;
    if (at < 0) return stand(list.find(inSight) ?? list[0]);
    const next = list[at + step];
    if (next) return stand(next);
    // The end of what is drawn: a virtualised table draws more when it is scrolled, a long list at its button.
    const row = list[at];
    row.closest(".scroll")?.scrollBy(0, step * row.offsetHeight * 3);
    const waited = performance.now();
    const more = () => {
      const now = rows();
      const found = now[now.indexOf(find(now)) + step];
      if (found && current?.row === row) stand(found);
      else if (performance.now() - waited < 1000) requestAnimationFrame(more);
    };
    requestAnimationFrame(more);
  };
  const rowOf = (element) => element?.closest?.(`#main ${listed}`);
  document.addEventListener("focusin", (event) => {
    const row = rowOf(event.target);
    if (row) remember(row);
    else if (current && event.target !== document.body) current.left = true; // somebody went elsewhere on purpose
  });
  // Whoever stood in a list stands in it still when its rows were drawn anew: on the same row, else on the one that took its place.
  new MutationObserver(() => {
    if (!current || current.left || document.activeElement !== document.body || document.querySelector("dialog[open]")) return;
    const list = rows();
    const row = find(list) ?? (current.row.isConnected ? null : list.find(inSight) ?? list[Math.min(current.index, list.length - 1)]);
    if (row) stand(row, false);
  }).observe(document.body, { childList: true, subtree: true });

  // ---- unsaved: Escape leaves no page on which something was typed --------------------------------------------------------------------------
  let typedAt = null;
  document.addEventListener("input", (event) => {
    if (event.target.closest?.("#main") && !event.target.matches("[data-key], [data-select], .fb *")) typedAt = location.pathname;
  });
  const back = () => {
    const up = main()?.querySelector(".crumb a");
    if (!up || typedAt === location.pathname) return;
    const before = window.navigation?.entries?.()[window.navigation.currentEntry.index - 1]?.url;
    if (before && new URL(before).pathname === new URL(up.href).pathname) history.back(); // with its filters
    else up.click();
  };

  // ---- the table -------------------------------------------------------------------------------------------------------------------------
  const tables = () => rows().length > 0;
  const keyed = () => [...document.querySelectorAll("[data-key]")].filter((element) => !element.closest("dialog") && (seen(element) || element.dataset.key === "z"));
  const saysOf = (element) =>
    element.dataset.says ?? element.getAttribute("aria-label") ?? element.textContent.replace(element.querySelector("kbd")?.textContent ?? "", "").trim();
  const bindings = [
    { part: "Anywhere", keys: [mac ? "⌘ K" : "Ctrl K"], says: "Search and act: the palette", always: true },
    { part: "Anywhere", keys: ["?"], says: "This sheet", act: () => help() },
    { part: "Anywhere", keys: ["Esc"], says: "Close what is open; leave the row, then the page for the list above it", always: true },
    { part: "In the list", keys: ["j"], says: "Next row", when: tables, act: () => move(1) },
    { part: "In the list", keys: ["k"], says: "Row before", when: tables, act: () => move(-1) },
    { part: "In the list", keys: ["Enter"], says: "Open the row", when: tables, always: true },
    {
      part: "In the list",
      keys: ["x"],
      says: "Select the row, or no longer",
      when: () => main()?.querySelector("[data-select]"),
      act: () => find(rows())?.querySelector("[data-select]")?.click(),
    },
  ];
  const goes = () => [...document.querySelectorAll(".shell [data-go]")].filter((link, at, all) => all.findIndex((other) => other.dataset.go === link.dataset.go) === at);
  const all = () => [
    ...bindings.filter((binding) => !binding.when || binding.when()),
    ...goes().map((link) => ({ part: "Go to", keys: ["g", link.dataset.go], says: link.dataset.says ?? link.textContent.trim() })),
    ...keyed().map((element) => ({ part: "On this page", keys: [element.dataset.key], says: saysOf(element), act: () => press(element) })),
  ];
  const press = (element) => {
    if (typing(element)) element.focus();
    else element.click();
  };

  // ---- the help sheet ----------------------------------------------------------------------------------------------------------------------
  const make = (name, attributes = {}, ...children) => {
    const element = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
    element.append(...children);
    return element;
  };
  const help = () => {
    if (document.querySelector("dialog[open]")) return;
    const before = document.activeElement;
    const parts = Map.groupBy ? Map.groupBy(all(), (b) => b.part) : all().reduce((m, b) => m.set(b.part, [...(m.get(b.part) ?? []), b]), new Map());
    const close = make("button", { type: "button", class: "btn", autofocus: "" }, "Close");
    const toggle = make("button", { type: "button", class: "btn g", "aria-pressed": String(!on()) }, on() ? "Switch single keys off" : "Switch single keys on");
    const sheet = make(
      "dialog",
      { class: "dlg wide help", "aria-labelledby": "help-title", "data-testid": "help" },
      make("header", {}, make("h2", { id: "help-title" }, "Keys that work here")),
      make(
        "div",
        { class: "in-dlg" },
        ...(on() ? [] : [make("p", { class: "x2" }, "Single keys are switched off; those with Ctrl, Esc and Enter still work.")]),
        make(
          "div",
          { class: "keys" },
          ...[...parts].map(([part, list]) =>
            make(
              "section",
              {},
              make("h3", {}, part),
              make(
                "dl",
                {},
                ...list.map((binding) => {
                  const keys = binding.keys.flatMap((key, at) => (at ? [" then ", make("kbd", {}, key)] : [make("kbd", {}, key)]));
                  return make("div", binding.always || on() ? {} : { class: "off" }, make("dt", {}, ...keys), make("dd", {}, binding.says));
                }),
              ),
            ),
          ),
        ),
      ),
      make("footer", {}, close, toggle),
    );
    // The browser gives the focus back as it closes and tells of it later: by then a key may have moved it on, and it stays where that key put it.
    const end = () => {
      sheet.remove();
      if (document.activeElement === document.body && before?.isConnected) before.focus();
    };
    sheet.addEventListener("close", end);
    close.addEventListener("click", () => sheet.close());
    toggle.addEventListener("click", () => {
      window.agentConsole.look("keys", on() ? "off" : "on");
      sheet.close();
      help();
    });
    sheet.addEventListener("click", (event) => event.target === sheet && sheet.close());
    document.body.append(sheet);
    sheet.showModal();
    close.focus();
  };
  document.addEventListener("click", (event) => event.target.closest?.("[data-help]") && help());

  // ---- listening -----------------------------------------------------------------------------------------------------------------------------
  let chord = 0; // until when a letter after g counts
  const escape = (target) => {
    root.dataset.escaped = ""; // hides reasons that hover shows
    const open = document.querySelectorAll("details.menu[open]");
    if (open.length > 0) {
      for (const menu of open) {
        menu.open = false;
        if (menu.contains(target)) menu.querySelector("summary")?.focus();
      }
      return;
    }
    if (typing(target)) {
      if (target.matches("[data-key]")) target.blur(); // out of the filter, which keeps what was typed
      return;
    }
    if (!on()) return;
    const cancels = main()?.querySelector("[data-escape]");
    if (cancels) return cancels.click();
    const row = rowOf(target);
    if (row) {
      current = null;
      document.activeElement.blur();
      return;
    }
    back();
  };
  document.addEventListener("keydown", (event) => {
    if (event.isComposing || event.keyCode === 229 || event.defaultPrevented) return;
    if (document.querySelector("dialog[open]")) return; // a dialog has its own keys
    if (event.key === "Escape") return escape(event.target);
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "Enter") {
      if (event.target === rowOf(event.target)) opener(event.target)?.click();
      return;
    }
    if (!on() || typing(event.target) || event.key.length !== 1) return;
    if (chord > performance.now()) {
      chord = 0;
      const link = goes().find((go) => go.dataset.go === event.key);
      if (!link) return;
      event.preventDefault();
      current = null;
      return link.click();
    }
    if (event.key === "g") {
      chord = performance.now() + 1500;
      return event.preventDefault();
    }
    const binding = all().find((one) => one.act && one.keys[0] === event.key);
    if (!binding) return;
    event.preventDefault();
    binding.act();
  });
  for (const type of ["pointermove", "focusin"])
    document.addEventListener(type, () => "escaped" in root.dataset && delete root.dataset.escaped, { passive: true });
})();
