// The link between page and circuit: quiet for short gaps, honest for long ones. It starts Blazor with a patience of our own, says since when the page
// is stale, sends nothing while the console is away, tells afterwards what was typed meanwhile, and takes a dead page up again when the console is back.
(() => {
  "use strict";
  const root = document.documentElement;
  const skew = Date.parse(root.dataset.now || "") - Date.now() || 0;
  const jitter = (milliseconds) => milliseconds * (0.75 + Math.random() / 2);
  const later = (milliseconds) => new Promise((done) => setTimeout(done, milliseconds));

  // ---- patience: at once, then slower and slower, at most every 20 s or so, for as long as it takes --------------------------------------------
  const Waits = [0, 1000, 1000, 2000, 3000, 5000, 8000, 13000];
  const wait = (attempt) => jitter(Waits[attempt] ?? 20000);
  document.addEventListener("DOMContentLoaded", () =>
    window.Blazor?.start({ circuit: { reconnectionOptions: { maxRetries: 1e9, retryIntervalMilliseconds: wait } } })?.catch?.(() => doubt()),
  );

  // ---- words: nothing for 2 s, then "Reconnecting", after 15 s "Stale since" ---------------------------------------------------------------------
  let lostAt = null;
  let timers = [];
  const word = (state, text) => {
    if (state) root.dataset.link = state;
    else delete root.dataset.link;
    for (const element of document.querySelectorAll(".live-off")) element.textContent = text;
  };
  const lose = () => {
    if (lostAt) return;
    lostAt = new Date(Date.now() + skew);
    const at = window.agentConsole.clock(lostAt);
    timers = [setTimeout(() => word("reconnecting", "Reconnecting"), 2000), setTimeout(() => word("stale", `Stale since ${at}`), 15000)];
  };
  const find = () => {
    timers.forEach(clearTimeout);
    timers = [];
    lostAt = null;
    word(null, "");
    document.getElementById("not-sent")?.remove();
    tell();
  };

  // ---- what was typed while nobody listened ------------------------------------------------------------------------------------------------------
  const unheard = new Set();
  for (const type of ["input", "change"]) document.addEventListener(type, (event) => lostAt && unheard.add(event.target), true);
  const tell = () => {
    const fields = [...unheard].filter((field) => field.isConnected);
    unheard.clear();
    for (const field of fields) for (const type of ["input", "change"]) field.dispatchEvent(new Event(type, { bubbles: true }));
    document.dispatchEvent(new Event("link-back"));
  };

  // ---- a dead page: loaded again as soon as the console answers, not all pages in the same moment -------------------------------------------------
  const answers = async () => {
    try {
      return (await fetch("/health/ready", { cache: "no-store", signal: AbortSignal.timeout(5000) })).ok;
    } catch {
      return false;
    }
  };
  let reviving = false;
  const revive = async () => {
    if (reviving) return;
    reviving = true;
    lose();
    await later(Math.random() * 1000);
    for (let attempt = 1; !(await answers()); attempt++) await later(wait(attempt));
    document.dispatchEvent(new Event("link-reload"));
    location.reload();
  };

  const watch = (modal) => {
    const look = () => {
      const has = (name) => modal.classList.contains(`components-reconnect-${name}`);
      if (has("rejected") || has("failed")) revive(); // the circuit is gone: address, drafts and places have all that matters
      else if (has("show") || has("retrying")) lose();
      else if (lostAt && !reviving) find();
    };
    new MutationObserver(look).observe(modal, { attributes: true, attributeFilter: ["class"] });
  };
  const begin = () => {
    const modal = document.getElementById("components-reconnect-modal");
    if (modal) watch(modal);
    const fault = document.getElementById("blazor-error-ui");
    if (fault) new MutationObserver(() => fault.style.display === "block" && lose()).observe(fault, { attributes: true, attributeFilter: ["style"] });
    setTimeout(doubt, 30000);
  };
  document.addEventListener("DOMContentLoaded", begin);

  // ---- a page whose circuit does not come up is no live page; three times in a row are enough ------------------------------------------------------
  const Tried = "link-tried";
  const doubt = () => {
    const badge = document.querySelector("[data-testid=live-badge]");
    if (!badge) return;
    if (badge.dataset.state !== "connecting") return sessionStorage.removeItem(Tried);
    const tried = Number(sessionStorage.getItem(Tried) ?? 0);
    lose();
    if (tried >= 3) return;
    sessionStorage.setItem(Tried, tried + 1);
    setTimeout(revive, tried * 30000);
  };

  // ---- a laptop that was closed: the circuit says something, or it is dead ---------------------------------------------------------------------------
  const Slept = 20000;
  let awake = Date.now();
  let beats = 0;
  const wake = async () => {
    const slept = Date.now() - awake;
    awake = Date.now();
    const badge = document.querySelector("[data-testid=live-badge]");
    if (slept < Slept || lostAt || !badge || badge.dataset.state === "connecting") return;
    const beat = String(++beats);
    badge.dispatchEvent(new CustomEvent("beat", { bubbles: true, detail: beat }));
    for (let tries = 0; tries < 10; tries++) {
      await later(500);
      if (lostAt || document.querySelector("[data-testid=live-badge]")?.dataset.beat === beat) return;
    }
    revive();
  };
  setInterval(() => (document.hidden ? null : Date.now() - awake > Slept ? wake() : (awake = Date.now())), 5000);
  document.addEventListener("visibilitychange", () => (document.hidden ? (awake = Date.now()) : wake()));
  addEventListener("pageshow", wake);
  addEventListener("online", () => ((awake = 0), wake()));
  document.addEventListener("DOMContentLoaded", () => window.Blazor?.registerCustomEventType?.("beat", { createEventArgs: (event) => ({ count: event.detail }) }));

  // ---- nothing is pressed into the void ------------------------------------------------------------------------------------------------------------
  const Here = "[data-copy], [data-save], [data-reconnects], [data-draft-discard], .reload, form[data-look-form] *";
  const refuse = (event) => {
    event.preventDefault();
    event.stopImmediatePropagation();
    document.getElementById("not-sent")?.remove();
    const note = document.createElement("p");
    note.id = "not-sent";
    note.setAttribute("role", "alert");
    (document.querySelector("dialog[open]") ?? document.body).append(note);
    note.textContent = lostAt
      ? "Not sent: the console cannot be reached. What you typed is kept; press again when it is back."
      : "Not sent yet: the page is still connecting. What you typed is kept; press again in a moment.";
    setTimeout(() => note.remove(), 8000);
  };
  addEventListener(
    "click",
    (event) => {
      if (!lostAt) return;
      const pressed = event.target.closest?.("button, a[href], input[type=submit]");
      if (!pressed || pressed.matches(Here)) return;
      // To leave a question needs nobody: it closes here, and the circuit is told when it is back.
      const dialog = pressed.matches("[data-cancels]") && pressed.closest("dialog[open]");
      if (dialog) {
        event.preventDefault();
        event.stopImmediatePropagation();
        dialog.dataset.left = "";
        return dialog.close();
      }
      if (pressed.matches("a") && (event.ctrlKey || event.metaKey || event.shiftKey || pressed.target || pressed.getAttribute("href").includes("#"))) return;
      refuse(event);
    },
    true,
  );
  // A form without an address is the circuit's: before there is one the browser would load the page anew, and the press would be lost.
  const early = (form) =>
    form.method === "get" &&
    !form.hasAttribute("action") &&
    document.querySelector("[data-testid=live-badge]")?.dataset.state === "connecting";
  addEventListener(
    "submit",
    (event) => (lostAt || early(event.target)) && !event.target.matches("form[data-look-form]") && refuse(event),
    true,
  );
  document.addEventListener("click", async (event) => {
    if (!event.target.closest?.("[data-reconnects]")) return;
    if (reviving) return (await answers()) && location.reload();
    try {
      if (!(await window.Blazor?.reconnect?.())) revive();
    } catch {
      // Still away; it is tried on.
    }
  });
})();
