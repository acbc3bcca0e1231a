// The small things that must work without asking the server: look, menus, dialogs, copying, ages, the state of the link. Keys are in keys.js.
// Everything hangs on attributes, so pages need no interop and no element is ever out of step with its circuit.
(() => {
  "use strict";
  const root = document.documentElement;

  // ---- look: apply at once and remember; without this script the form posts the same to the server -------------------------------------
  const parts = ["theme", "contrast", "density", "keys", "times"]; // in the order in which the cookie has them
  const chosen = () => {
    const look = (root.dataset.look || "").split(".");
    return ["system", "system", "comfortable", "on", "local"].map((usual, at) => look[at] || usual);
  };
  const remember = (name, value) =>
    (document.cookie = `agentconsole-${name}=${value}; path=/; max-age=31536000; samesite=lax${location.protocol === "https:" ? "; secure" : ""}`);
  // "Local" is where this browser is; the server says times in that zone from the next page on.
  const here = Intl.DateTimeFormat().resolvedOptions().timeZone;
  if (here && !document.cookie.split("; ").includes(`agentconsole-zone=${here}`)) remember("zone", here);
  const choose = (part, value) => {
    const look = chosen();
    look[parts.indexOf(part)] = value;
    root.dataset.look = look.join(".");
    remember("look", look.join("."));
    if (part === "times") return location.reload(); // all times are drawn by the server
    markLook();
  };
  document.addEventListener("submit", (event) => {
    const form = event.target;
    const button = event.submitter;
    if (!(form instanceof HTMLFormElement) || !form.matches("form[data-look-form]") || !parts.includes(button?.name)) return;
    event.preventDefault();
    choose(button.name, button.value);
  });

  const markLook = () => {
    const look = chosen();
    for (const button of document.querySelectorAll("form[data-look-form] button[name]"))
      button.setAttribute("aria-pressed", String(look[parts.indexOf(button.name)] === button.value));
  };

  // ---- menus: one open at a time, closed by a click outside and by a choice; Escape is in keys.js ---------------------------------------------------
  const closeMenus = (except) => {
    for (const menu of document.querySelectorAll("details.menu[open]")) {
      if (menu === except) continue;
      // The focus must not go down with what is closed: a dialog that a choice opens gives it back to where it was.
      if (menu.contains(document.activeElement)) menu.querySelector("summary")?.focus({ preventScroll: true });
      menu.open = false;
    }
  };
  document.addEventListener("click", (event) => {
    const inside = event.target.closest?.("details.menu");
    closeMenus(event.target.closest?.("a, [data-closes]") ? null : inside);
  });
  document.addEventListener(
    "toggle",
    (event) => {
      if (event.target.matches?.("details.menu") && event.target.open) markLook();
    },
    true,
  );

  // ---- dialogs: <ac-modal> inside a dialog opens it as a modal; the focus goes back to where it was ----------------------------------------
  customElements.define(
    "ac-modal",
    class extends HTMLElement {
      connectedCallback() {
        this.before_ = document.activeElement;
        const dialog = this.closest("dialog");
        if (!dialog || dialog.open) return;
        dialog.addEventListener("cancel", (event) => {
          event.preventDefault(); // the circuit closes it, so that both agree
          dialog.querySelector("[data-cancels]")?.click();
        });
        // A second Escape closes it whatever was said to the first; it is open until the circuit says that it is not.
        dialog.addEventListener("close", () => {
          if (!dialog.isConnected || "left" in dialog.dataset) return;
          dialog.showModal();
          dialog.querySelector("[data-cancels]")?.click();
        });
        dialog.showModal();
        (dialog.querySelector("[autofocus]") ?? dialog.querySelector("input, select, textarea, footer button"))?.focus();
      }
      disconnectedCallback() {
        const before = this.before_;
        if (before?.isConnected) before.focus();
      }
    },
  );

  // Closed while the circuit was away: it hears of it when it is back.
  document.addEventListener("link-back", () => {
    for (const dialog of document.querySelectorAll("dialog[data-left]")) {
      delete dialog.dataset.left;
      dialog.querySelector("[data-cancels]")?.click();
    }
  });

  // ---- copy and download ------------------------------------------------------------------------------------------------------------------
  const copy = async (text) => {
    if (navigator.clipboard && isSecureContext) return navigator.clipboard.writeText(text);
    const area = document.createElement("textarea"); // plain HTTP on a network address has no clipboard
    area.value = text;
    (document.querySelector("dialog[open]") ?? document.body).append(area);
    area.select();
    document.execCommand("copy");
    area.remove();
  };
  document.addEventListener("click", async (event) => {
    const copies = event.target.closest?.("[data-copy]");
    if (copies) {
      event.preventDefault();
      await copy(copies.dataset.copy);
      copies.dataset.copied = "";
      say("Copied");
      setTimeout(() => delete copies.dataset.copied, 1500);
      return;
    }
    const saves = event.target.closest?.("[data-save]");
    if (saves) {
      const link = document.createElement("a");
      link.href = URL.createObjectURL(new Blob([saves.dataset.text], { type: saves.dataset.type || "text/plain" }));
      link.download = saves.dataset.save;
      link.click();
      setTimeout(() => URL.revokeObjectURL(link.href), 1000);
    }
  });
  // A time that is copied is the instant: alone as ISO 8601, among other text with date and zone as its tooltip says.
  document.addEventListener("copy", (event) => {
    const selection = getSelection();
    if (!selection || selection.isCollapsed || typing(document.activeElement)) return;
    const range = selection.getRangeAt(0);
    const whole = range.commonAncestorContainer.parentElement?.closest("time[datetime]") ?? range.commonAncestorContainer.closest?.("time[datetime]");
    if (whole) {
      event.clipboardData.setData("text/plain", whole.dateTime);
      return event.preventDefault();
    }
    const copied = document.createElement("div");
    copied.append(range.cloneContents());
    const times = copied.querySelectorAll("time[datetime][title]");
    if (times.length === 0) return;
    for (const time of times) time.textContent = time.title;
    copied.style.cssText = "position:fixed;left:-9999px;white-space:pre-line";
    document.body.append(copied);
    event.clipboardData.setData("text/plain", copied.innerText.trim());
    copied.remove();
    event.preventDefault();
  });
  const typing = (element) => element?.closest?.("input, textarea, select, [contenteditable]");
  const say = (text) => {
    const region = document.getElementById("said");
    if (region) region.textContent = text;
  };

  // For other scripts: the look and the polite region. Streams between page and circuit: a text that is too large for one message, a file to keep.
  window.agentConsole = {
    look: choose,
    clock: (at) => {
      const { hour, minute, second } = inZone(at);
      return `${two(hour)}:${two(minute)}:${two(second)} ${document.querySelector(".shell")?.dataset.zoneLabel || "UTC"}`;
    },
    say,
    copy,
    read: (area) => new Blob([area.value]),
    async save(name, type, stream) {
      const link = document.createElement("a");
      link.href = URL.createObjectURL(new Blob([await stream.arrayBuffer()], { type }));
      link.download = name;
      link.click();
      setTimeout(() => URL.revokeObjectURL(link.href), 1000);
    },
  };

  // ---- ages: <time data-rel> grows older without the server. The same words as Words.Ago ---------------------------------------------------
  const skew = Date.parse(root.dataset.now || "") - Date.now() || 0;
  const months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
  const two = (n) => String(n).padStart(2, "0");
  // The zone of the page, not the browser's: the person may have chosen another.
  let clock = null;
  const inZone = (at) => {
    const timeZone = document.querySelector(".shell")?.dataset.zone || "UTC";
    if (clock?.resolvedOptions().timeZone !== timeZone) {
      const fields = { day: "numeric", month: "numeric", year: "numeric", hour: "numeric", minute: "numeric", second: "numeric" };
      try {
        clock = new Intl.DateTimeFormat("en-US", { timeZone, hourCycle: "h23", ...fields });
      } catch {
        clock = new Intl.DateTimeFormat("en-US", { timeZone: "UTC", hourCycle: "h23", ...fields }); // a zone that this browser does not know
      }
    }
    return Object.fromEntries(clock.formatToParts(at).map((part) => [part.type, Number(part.value)]));
  };
  const ago = (at, now) => {
    const seconds = Math.floor(Math.abs(now - at) / 1000);
    const nb = "\u00a0";
    if (seconds < 60) return `${seconds}${nb}s`;
    if (seconds < 3600) return `${Math.floor(seconds / 60)}${nb}min`;
    if (seconds < 86400) return `${Math.floor(seconds / 3600)}${nb}h${nb}${two(Math.floor((seconds % 3600) / 60))}`;
    const d = inZone(at);
    const day = `${d.day}${nb}${months[d.month - 1]}`;
    return d.year === inZone(now).year ? `${day} ${two(d.hour)}:${two(d.minute)}` : `${day}${nb}${d.year}`;
  };
  const age = () => {
    if (document.hidden) return;
    const now = Date.now() + skew;
    for (const time of document.querySelectorAll("time[data-rel]")) {
      const node = time.firstChild;
      const text = ago(Date.parse(time.dateTime), now);
      if (node?.nodeType === Node.TEXT_NODE && node.data !== text) node.data = text; // the same node: the circuit keeps hold of it
    }
  };
  age();
  setInterval(age, 1000);
  // Rows that come are shown as old as they are: before they are painted.
  let ages = 0;
  new MutationObserver(() => (ages ||= requestAnimationFrame(() => ((ages = 0), age())))).observe(document.body, { childList: true, subtree: true });

  // ---- paper: what is on it, as text: one line for each piece, spaces as one ------------------------------------------------------------------
  // What the style sheets hide on paper, whichever of them says it: there is no second list of it. At "beforeprint" the page is still drawn for the screen.
  const hiddenOnPaper = (rules) =>
    [...rules].flatMap((rule) =>
      rule instanceof CSSMediaRule && rule.media.mediaText === "print"
        ? [...rule.cssRules].filter((inner) => inner.style?.display === "none").map((inner) => inner.selectorText)
        : rule.cssRules && !(rule instanceof CSSStyleRule) && !(rule instanceof CSSMediaRule)
          ? hiddenOnPaper(rule.cssRules)
          : [],
    );
  // A text that stands in it without an element of its own has nothing else that tells.
  const folded = (part) => {
    for (let fold = part.closest("details:not([open])"); fold; fold = fold.parentElement.closest("details:not([open])"))
      if (!fold.querySelector(":scope > summary")?.contains(part)) return true;
    return false;
  };
  window.agentConsole.printed = () => {
    const unprinted = [
      ...[...document.styleSheets].filter((sheet) => sheet.href?.startsWith(location.origin)).flatMap((sheet) => hiddenOnPaper(sheet.cssRules)),
      ".paper, .paper-foot, script, style, .vh:not(caption)", // the frame of the print, and what is for ears only
    ].join(", ");
    const lines = [];
    const walker = document.createTreeWalker(document.getElementById("main"), NodeFilter.SHOW_TEXT);
    while (walker.nextNode()) {
      const text = walker.currentNode.data.replace(/\s+/g, " ").trim();
      const part = walker.currentNode.parentElement;
      if (text && !part.closest(unprinted) && !folded(part) && part.checkVisibility()) lines.push(text);
    }
    return lines.join("\n");
  };
  // Of our own: the browser's is for addresses with TLS only, and answers too late for the paper.
  const sha256 = (bytes) => {
    const primes = [];
    for (let n = 2; primes.length < 64; n++) if (primes.every((p) => n % p)) primes.push(n);
    const fraction = (value) => ((value - Math.floor(value)) * 2 ** 32) >>> 0;
    const k = primes.map((p) => fraction(Math.cbrt(p)));
    const h = primes.slice(0, 8).map((p) => fraction(Math.sqrt(p)));
    const padded = new Uint8Array(Math.ceil((bytes.length + 9) / 64) * 64);
    padded.set(bytes);
    padded[bytes.length] = 0x80;
    const view = new DataView(padded.buffer);
    view.setUint32(padded.length - 8, Math.floor(bytes.length / 2 ** 29));
    view.setUint32(padded.length - 4, (bytes.length << 3) >>> 0);
    const w = new Uint32Array(64);
    const turn = (x, n) => (x >>> n) | (x << (32 - n));
    for (let at = 0; at < padded.length; at += 64) {
      for (let i = 0; i < 64; i++)
        w[i] =
          i < 16
            ? view.getUint32(at + i * 4)
            : w[i - 16] + (turn(w[i - 15], 7) ^ turn(w[i - 15], 18) ^ (w[i - 15] >>> 3)) + w[i - 7] + (turn(w[i - 2], 17) ^ turn(w[i - 2], 19) ^ (w[i - 2] >>> 10));
      let [a, b, c, d, e, f, g, last] = h;
      for (let i = 0; i < 64; i++) {
        const one = (last + (turn(e, 6) ^ turn(e, 11) ^ turn(e, 25)) + ((e & f) ^ (~e & g)) + k[i] + w[i]) | 0;
        const other = ((turn(a, 2) ^ turn(a, 13) ^ turn(a, 22)) + ((a & b) ^ (a & c) ^ (b & c))) | 0;
        [last, g, f, e, d, c, b, a] = [g, f, e, (d + one) | 0, c, b, a, (one + other) | 0];
      }
      [a, b, c, d, e, f, g, last].forEach((value, i) => (h[i] = (h[i] + value) >>> 0));
    }
    return h.map((value) => value.toString(16).padStart(8, "0")).join("");
  };

  // ---- paper: the time of printing, in the zone of the page -------------------------------------------------------------------------------------
  addEventListener("beforeprint", () => {
    const now = new Date(Date.now() + skew);
    const at = inZone(now);
    const { zone = "UTC", zoneLabel = "UTC" } = document.querySelector(".shell")?.dataset ?? {};
    for (const time of document.querySelectorAll("[data-printed]")) {
      time.dateTime = now.toISOString();
      time.textContent = `${at.year}-${two(at.month)}-${two(at.day)} ${two(at.hour)}:${two(at.minute)}:${two(at.second)} ${zone === zoneLabel ? zone : `${zoneLabel} ${zone}`}`;
    }
    const hash = sha256(new TextEncoder().encode(window.agentConsole.printed()));
    for (const foot of document.querySelectorAll("[data-print-hash]")) foot.textContent = hash;
  });

  // ---- hold: while a person points at a list, stands, selects or reads on in it, its rows keep their places ------------------------------------
  const hovers = matchMedia("(hover: hover)");
  // Somebody types: in a question over the page, or in a field of it until a moment after the last stroke.
  const Stroke = 3000;
  let stroke = 0;
  const textField = "input:not([type=checkbox], [type=radio], [type=button], [type=submit], [type=file]), textarea, [contenteditable]";
  const types = (focus) => focus?.matches?.(textField) && focus.closest("#main") && (focus.closest("dialog[open]") || Date.now() - stroke < Stroke);
  document.addEventListener(
    "input",
    (event) => {
      if (!event.isTrusted || !event.target.matches?.(textField)) return;
      stroke = Date.now();
      holdSoon();
      setTimeout(holdSoon, Stroke + 50);
    },
    { passive: true, capture: true },
  );
  const holds = new WeakMap();
  const whyHeld = (list) => {
    const selection = getSelection();
    if (!selection.isCollapsed && list.contains(selection.anchorNode)) return "select";
    if (hovers.matches && list.matches(":hover")) return "point";
    const focus = document.activeElement;
    if (list.contains(focus) && (focus.matches(":focus-visible") || focus.closest("details[open]"))) return "focus";
    if (types(focus)) return "typing";
    const seen = Math.max(0, list.closest(".scroll")?.getBoundingClientRect().top ?? 0);
    return list.getBoundingClientRect().top < seen - 40 ? "scroll" : ""; // more than its head
  };
  const holdAll = () => {
    for (const list of document.querySelectorAll("[data-hold]")) {
      const why = whyHeld(list);
      if (why === (holds.get(list) ?? "")) continue;
      holds.set(list, why);
      list.dispatchEvent(new CustomEvent("hold", { bubbles: true, detail: why }));
    }
  };
  let holding = 0;
  const holdSoon = () => (holding ||= requestAnimationFrame(() => ((holding = 0), holdAll())));
  for (const type of ["pointerover", "pointerout", "focusin", "focusout", "selectionchange", "scroll", "toggle"])
    document.addEventListener(type, holdSoon, { passive: true, capture: true });
  new MutationObserver(holdSoon).observe(document.body, { childList: true, subtree: true });
  document.addEventListener("DOMContentLoaded", () => window.Blazor?.registerCustomEventType("hold", { createEventArgs: (event) => ({ why: event.detail }) }));

  // ---- edited: what stands around a field says so when the writer pauses. Not the field: its event would carry a text that may be too large -------
  const Pause = 400;
  const pauses = new WeakMap();
  document.addEventListener(
    "input",
    ({ target }) => {
      const around = target.closest?.("[data-edited]");
      if (!around) return;
      clearTimeout(pauses.get(around));
      pauses.set(around, setTimeout(() => around.isConnected && around.dispatchEvent(new CustomEvent("edited", { bubbles: true })), Pause));
    },
    { passive: true, capture: true },
  );
  document.addEventListener("DOMContentLoaded", () => window.Blazor?.registerCustomEventType("edited", { createEventArgs: () => ({}) }));

  // ---- hand-over: the circuit draws the page anew over the one that was sent; what a person opened, typed or stood on goes across ------------
  const shell = document.querySelector(".shell");
  let stood = null;
  const stand = (event) => (stood = event.target);
  const nameOf = (element) =>
    [element.localName, element.id, element.getAttribute("name"), element.getAttribute("type"), element.getAttribute("href"), element.className].join("|");
  // The n-th of its kind is looked up again among the new page's: both pages come from the same markup.
  const place = (within, element) => {
    const alike = [...within.querySelectorAll(element.localName)].filter((other) => nameOf(other) === nameOf(element));
    const index = alike.indexOf(element);
    return (now) => [...now.querySelectorAll(element.localName)].filter((other) => nameOf(other) === nameOf(element))[index];
  };
  const carried = (old) => {
    const acts = [];
    for (const menu of old.querySelectorAll("details.menu[open]")) {
      menu.removeAttribute("open");
      acts.push([place(old, menu), (to) => (to.open = true)]);
    }
    for (const field of old.querySelectorAll("input, textarea, select")) {
      const chosen = field.type === "checkbox" || field.type === "radio";
      if (field.type === "file") {
        if (field.files.length > 0) acts.push([place(old, field), (to) => ((to.files = field.files), true)]);
      } else if (chosen && field.checked !== field.defaultChecked) acts.push([place(old, field), (to) => ((to.checked = field.checked), true)]);
      else if (field.localName === "select" && [...field.options].some((option) => option.selected !== option.defaultSelected))
        acts.push([place(old, field), (to) => ((to.value = field.value), true)]);
      else if (!chosen && field.localName !== "select" && field.value !== field.defaultValue)
        acts.push([place(old, field), (to) => ((to.value = field.value), true)]);
    }
    if (stood && old.contains(stood)) {
      const [from, to] = [stood.selectionStart, stood.selectionEnd];
      acts.push([
        place(old, stood),
        (now) => {
          if (document.activeElement !== document.body) return;
          now.focus({ preventScroll: true });
          if (typeof from === "number") now.setSelectionRange(from, to);
          // The router gives the heading of a new page the focus. Here nobody went anywhere.
          const keep = (event) => event.target.matches("h1") && now.isConnected && (now.focus({ preventScroll: true }), stop());
          const stop = () => document.removeEventListener("focusin", keep);
          document.addEventListener("focusin", keep);
          setTimeout(stop, 5000);
        },
      ]);
    }
    return acts;
  };
  if (shell) {
    document.addEventListener("focusin", stand);
    let waiting = null;
    const observer = new MutationObserver(() => {
      const now = document.querySelector(".shell");
      if (!now || now === shell) return;
      if (!waiting) {
        document.removeEventListener("focusin", stand);
        waiting = carried(shell);
        setTimeout(() => observer.disconnect(), 5000); // a part that has not come by then will not
      }
      waiting = waiting.filter(([find, act]) => {
        const to = find(now);
        if (!to) return true;
        if (act(to) === true) for (const type of ["input", "change"]) to.dispatchEvent(new Event(type, { bubbles: true }));
        return false;
      });
      if (waiting.length === 0) observer.disconnect();
    });
    observer.observe(shell.parentNode, { childList: true, subtree: true });
  }
})();
