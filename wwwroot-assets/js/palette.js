// The palette: Ctrl+K or the button in the top bar. It lives only while it is open, asks the server with each letter and drops the question
// before, and keeps what was chosen in this browser, per person, until they sign out.
(() => {
  "use strict";
  const button = () => document.querySelector("[data-palette]");
  const make = (name, attributes = {}, ...children) => {
    const element = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) if (value != null) element.setAttribute(key, value);
    element.append(...children.filter((child) => child != null));
    return element;
  };
  const icon = (name) => {
    const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    svg.setAttribute("class", "i");
    svg.setAttribute("aria-hidden", "true");
    const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
    use.setAttribute("href", `/img/icons.svg#${name}`);
    svg.append(use);
    return svg;
  };

  // ---- recent -----------------------------------------------------------------------------------------------------------------------------
  const place = () => `agentconsole-recent:${button()?.dataset.user ?? ""}`;
  const recent = () => {
    try {
      return JSON.parse(localStorage.getItem(place()) ?? "[]").filter((item) => typeof item.url === "string" && /^\/(?![/\\])/.test(item.url)).slice(0, 8);
    } catch {
      return []; // no storage, or somebody else's text in it
    }
  };
  const keep = ({ title, detail, icon, url }) => {
    try {
      const rest = recent().filter((item) => item.url !== url);
      localStorage.setItem(place(), JSON.stringify([{ title, detail, icon, url }, ...rest].slice(0, 8)));
    } catch {
      // A browser without storage remembers nothing.
    }
  };
  document.addEventListener("submit", (event) => {
    if (event.target.matches?.("form[action='/account/sign-out']")) {
      try {
        localStorage.removeItem(place());
      } catch {
        // nothing was kept
      }
    }
  });

  // ---- doing ------------------------------------------------------------------------------------------------------------------------------
  const go = (url) => {
    const link = make("a", { href: url, hidden: "" }); // the router listens to links
    document.body.append(link);
    link.click();
    link.remove();
  };
  const press = (name, url) => {
    try {
      sessionStorage.setItem("agentconsole-press", JSON.stringify({ name, path: new URL(url, location.origin).pathname, until: Date.now() + 15000 }));
    } catch {
      return;
    }
    if (new URL(url, location.origin).pathname !== location.pathname) go(url);
    later();
  };
  const live = () => {
    const state = document.querySelector("[data-testid=live-badge]")?.dataset.state;
    return state && state !== "connecting";
  };
  let timer = 0;
  let begun = Date.now();
  // A button can be pressed when its circuit is there. What a person chose in the palette is pressed as they would; an address alone (?act=…)
  // only opens what asks first: [data-asks], or a form, whose first field gets the focus.
  const later = () => {
    clearTimeout(timer);
    let waits = false;
    let chosen = null;
    try {
      chosen = JSON.parse(sessionStorage.getItem("agentconsole-press") ?? "null");
    } catch {
      chosen = null;
    }
    if (chosen) {
      const found = chosen.path === location.pathname && live() && document.querySelector(`#main [data-act="${CSS.escape(chosen.name)}"]`);
      if (found || Date.now() > chosen.until) sessionStorage.removeItem("agentconsole-press");
      else waits = true;
      if (found) {
        if (found.getAttribute("aria-disabled") === "true") found.focus();
        else found.click();
      }
    }
    const address = new URL(location.href);
    const act = address.searchParams.get("act");
    if (act) {
      const found = live() && document.querySelector(`#main [data-act="${CSS.escape(act)}"]`);
      // A page that opens its question by the address itself has no such part.
      if (!found) waits = Date.now() < begun + 15000;
      else {
        address.searchParams.delete("act");
        history.replaceState(history.state, "", address);
        if (found.matches("[data-asks]")) found.click();
        else if (!found.matches("button, a")) {
          found.scrollIntoView({ block: "nearest" });
          found.querySelector("input, select, textarea")?.focus();
        }
      }
    }
    if (waits) timer = setTimeout(later, 100);
  };
  later();
  const pushed = history.pushState;
  history.pushState = function (...given) {
    pushed.apply(this, given);
    begun = Date.now();
    later();
  };

  const perform = (item) => {
    if (item.keep) keep(item);
    const [verb, rest] = (item.does ?? "").split(/:(.*)/s);
    if (verb === "press" && item.url) return press(rest, item.url);
    if (verb === "press") return document.querySelector("[data-testid=live-badge]")?.click();
    if (verb === "look") return window.agentConsole.look(...rest.split("="));
    if (verb === "help") return document.querySelector("[data-help]")?.click();
    if (verb === "print") return setTimeout(print, 100);
    if (verb === "sign-out") return document.querySelector("form[action='/account/sign-out'] button")?.click();
    if (verb === "copy-link") return window.agentConsole.copy(location.href).then(() => window.agentConsole.say("Copied the link"));
    if (item.url) go(item.url);
  };

  // ---- the dialog -------------------------------------------------------------------------------------------------------------------------
  const open = () => {
    if (!button() || document.querySelector("dialog[open]")) return;
    const before = document.activeElement;
    const field = make("input", {
      role: "combobox",
      "aria-expanded": "true",
      "aria-controls": "palette-list",
      "aria-autocomplete": "list",
      "aria-label": "Search or act",
      placeholder: "A name, any id, or what you want to do",
      autocomplete: "off",
      autocapitalize: "off",
      spellcheck: "false",
      maxlength: "512",
    });
    const close = make("button", { type: "button", class: "btn g s ic", "aria-label": "Close" }, icon("x"));
    const note = make("p", { class: "pal-note", hidden: "" });
    const list = make("div", { role: "listbox", id: "palette-list", class: "pal-list", "aria-label": "Results" });
    const said = make("p", { class: "vh", role: "status" });
    const dialog = make(
      "dialog",
      { class: "dlg pal", "aria-label": "Search and act", "data-testid": "palette" },
      make("div", { class: "pal-q" }, icon("search"), field, close),
      note,
      list,
      make("p", { class: "pal-foot hide-s" }, make("kbd", {}, "↑"), " ", make("kbd", {}, "↓"), " choose  ", make("kbd", {}, "Enter"), " go  ", make("kbd", {}, "Esc"), " close"),
      said,
    );
    let items = [];
    let at = -1;
    let asking = null;
    let chosen = false;
    const mark = (next) => {
      list.querySelector("[aria-selected=true]")?.setAttribute("aria-selected", "false");
      at = items.length === 0 ? -1 : (next + items.length) % items.length;
      const option = document.getElementById(`palette-${at}`);
      if (!option) return field.removeAttribute("aria-activedescendant");
      option.setAttribute("aria-selected", "true");
      field.setAttribute("aria-activedescendant", option.id);
      option.scrollIntoView({ block: "nearest" });
    };
    const draw = (groups) => {
      items = [];
      list.replaceChildren(
        ...groups.map((group, number) =>
          make(
            "div",
            { role: "group", "aria-labelledby": `palette-g${number}` },
            make("div", { class: "pal-h", id: `palette-g${number}`, role: "presentation" }, group.title),
            ...group.items.map((item) => {
              const id = items.push(item) - 1;
              const option = make(
                item.url && !item.why ? "a" : "div",
                {
                  role: "option",
                  id: `palette-${id}`,
                  "aria-selected": "false",
                  "aria-disabled": item.why ? "true" : null,
                  href: item.url && !item.why ? item.url : null,
                  tabindex: "-1",
                  class: "pal-o",
                },
                icon(item.icon),
                make("span", { class: "pal-t" }, item.title, make("small", {}, item.why ?? item.detail ?? "")),
                item.role && !item.why ? make("small", { class: "pal-r", title: "The role that this needs" }, item.role) : null,
                item.keys ? make("span", { class: "pal-k", "aria-hidden": "true" }, ...item.keys.split(" ").map((key) => make("kbd", {}, key))) : null,
              );
              option.addEventListener("pointermove", () => at !== id && mark(id));
              option.addEventListener("click", (event) => {
                if (event.ctrlKey || event.metaKey || event.shiftKey) return; // a new tab
                event.preventDefault();
                event.stopPropagation();
                choose(id);
              });
              return option;
            }),
          ),
        ),
      );
      if (items.length === 0) list.replaceChildren(make("p", { class: "pal-none" }, "Nothing that you may see matches."));
      said.textContent = items.length === 1 ? "1 result" : `${items.length} results`;
      mark(0);
    };
    const ask = async () => {
      asking?.abort();
      const mine = (asking = new AbortController());
      const text = field.value.trim();
      try {
        const response = await fetch("/palette", { method: "POST", body: new URLSearchParams({ q: text }), signal: mine.signal });
        if (response.status === 401) return location.reload();
        if (!response.ok) throw new Error(response.statusText);
        const answer = await response.json();
        if (asking !== mine) return;
        note.hidden = !answer.note;
        note.textContent = answer.note ?? "";
        if (answer.secret) for (const group of answer.groups) for (const item of group.items) item.keep = false;
        const kept = text ? [] : recent();
        const known = new Set(kept.map((item) => item.url));
        const groups = answer.groups
          .map((group) => ({ ...group, items: group.items.filter((item) => !known.has(item.url) || item.does) }))
          .filter((group) => group.items.length > 0);
        draw(kept.length > 0 ? [{ title: "Recent", items: kept.map((item) => ({ ...item, keep: true })) }, ...groups] : groups);
        dialog.dataset.answers = text;
      } catch (error) {
        if (error.name === "AbortError") return;
        note.hidden = false;
        note.textContent = "The console does not answer. What you see is as it was; type on to try again.";
      }
    };
    const choose = (id) => {
      const item = items[id];
      if (!item) return;
      if (item.why) {
        said.textContent = item.why;
        return;
      }
      chosen = true;
      dialog.close();
      perform(item);
    };
    field.addEventListener("input", ask);
    dialog.addEventListener("keydown", (event) => {
      if (event.isComposing) return;
      if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") {
        event.preventDefault();
        return dialog.close();
      }
      const step = { ArrowDown: 1, ArrowUp: -1, PageDown: 8, PageUp: -8 }[event.key];
      if (step) {
        event.preventDefault();
        mark(Math.abs(step) === 1 ? at + step : Math.max(0, Math.min(items.length - 1, at + step)));
      } else if (event.key === "Enter" && event.target !== close) {
        event.preventDefault();
        choose(at);
      }
    });
    dialog.addEventListener("click", (event) => event.target === dialog && dialog.close());
    close.addEventListener("click", () => dialog.close());
    dialog.addEventListener("close", () => {
      asking?.abort();
      dialog.remove();
      if (!chosen && before?.isConnected) before.focus();
    });
    document.body.append(dialog);
    dialog.showModal();
    field.focus();
    ask();
  };
  document.addEventListener("click", (event) => event.target.closest?.("[data-palette]") && open());
  document.addEventListener("keydown", (event) => {
    if ((event.ctrlKey || event.metaKey) && !event.altKey && !event.shiftKey && event.key.toLowerCase() === "k" && button() && !document.querySelector("dialog[open]")) {
      event.preventDefault(); // the browser's own search
      open();
    }
  });
})();
