// Drafts: what is typed into a form marked by [data-draft] (Components/Submissions/Draft.razor) outlives its circuit, the page and the server. Kept in
// this tab alone, per person, path and name, for a day. A draft carries the key under which its form is sent, so that a repeated press is no second act.
(() => {
  "use strict";
  const Prefix = "draft|";
  const Owner = "drafts-of";
  const MaxAge = 24 * 3600 * 1000;
  const MaxChars = 1_000_000;
  const MaxDrafts = 40;
  const drafts = new Map();
  const met = new WeakMap();
  const store = {
    get: (key) => quietly(() => sessionStorage.getItem(key)),
    set: (key, text) => quietly(() => (sessionStorage.setItem(key, text), true)),
    remove: (key) => quietly(() => sessionStorage.removeItem(key)),
    keys: () => quietly(() => Object.keys(sessionStorage)) ?? [],
  };
  // A browser may refuse to store, or be full: then a draft lives as long as its page.
  function quietly(act) {
    try {
      return act();
    } catch {
      return null;
    }
  }
  const newKey = () => [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");

  // ---- whose ---------------------------------------------------------------------------------------------------------------------------------
  const person = () => document.querySelector("[data-person]")?.dataset.person ?? "";
  const forgetAll = () => {
    for (const key of store.keys()) if (key.startsWith(Prefix) || key.startsWith("place|")) store.remove(key);
    for (const draft of drafts.values()) clearTimeout(draft.timer);
    drafts.clear();
  };
  const own = () => {
    const now = person();
    if (!now) return; // nobody has signed in yet: what the last person left waits for them
    const before = store.get(Owner);
    if (before === now) return;
    forgetAll();
    store.set(Owner, now);
  };
  const others = typeof BroadcastChannel === "function" ? new BroadcastChannel("agentconsole-drafts") : null;
  others?.addEventListener("message", forgetAll);

  // ---- where ---------------------------------------------------------------------------------------------------------------------------------
  // Before the sign-in a path may hold a secret link: its first part is enough there.
  const path = () => (person() ? location.pathname : "/" + location.pathname.split("/")[1]);
  const keyOf = (mark) => `${Prefix}${person()}|${path()}|${mark.dataset.draft}`;
  const regionOf = (mark) => mark.closest("form") ?? mark.closest("dialog") ?? mark.closest(".form") ?? mark.parentElement;
  const markOf = (element) => {
    for (let at = element; at; at = at.parentElement) {
      if (!at.matches("form, dialog, .form, [data-draft-region]")) continue;
      for (const mark of at.querySelectorAll("p[data-draft]")) if (regionOf(mark) === at) return mark;
    }
    return null;
  };

  const Secret = /one-time-code|current-password|new-password/;
  const keeps = (field) =>
    !["password", "hidden", "submit", "button", "image", "reset"].includes(field.type) &&
    !Secret.test(field.getAttribute("autocomplete") ?? "") &&
    !field.closest("[data-secret]");
  const textOf = (element) => (element?.firstChild?.textContent ?? "").trim().slice(0, 80);
  const baseName = (field) => {
    const label = field.closest("label");
    const own = field.getAttribute("name") || field.id || field.getAttribute("aria-label") || textOf(label?.querySelector("span") ?? label);
    return [textOf(field.closest("fieldset")?.querySelector("legend")), own, field.type].join("|");
  };
  // The name of each field of a region: the n-th of its kind, where several are alike. A group of radios is one.
  const fieldsOf = (region) => {
    const seen = new Map();
    const fields = new Map();
    for (const field of region.querySelectorAll("input, textarea, select")) {
      if (!keeps(field)) continue;
      const name = baseName(field);
      const count = seen.get(name) ?? 0;
      seen.set(name, count + 1);
      if (field.type === "radio") fields.set(name, [...(fields.get(name) ?? []), field]);
      else fields.set(count ? `${name}#${count}` : name, field);
    }
    return fields;
  };
  const valueOf = (field) =>
    Array.isArray(field) ? (field.find((radio) => radio.checked)?.value ?? "") : field.type === "checkbox" ? (field.checked ? "1" : "") : field.value;
  // Puts a value into a field so that the page hears of it. False while the field cannot take it: a choice that has not been drawn yet.
  let putting = false;
  const put = (field, value) => {
    if (Array.isArray(field)) {
      field = field.find((radio) => radio.value === value);
      if (!field) return false;
      field.checked = true;
    } else if (field.type === "checkbox") field.checked = value === "1";
    else {
      field.value = value;
      if (field.localName === "select" && field.value !== value) return false;
    }
    for (let at = field.parentElement; at; at = at.parentElement) if (at.matches("details:not(.menu)")) at.open = true;
    hear(field);
    return true;
  };
  const hear = (field) => {
    putting = true;
    for (const type of ["input", "change"]) field.dispatchEvent(new Event(type, { bubbles: true }));
    putting = false;
  };

  // ---- keep ----------------------------------------------------------------------------------------------------------------------------------
  const begin = (key, base) => ({ key, id: newKey(), base: base ?? null, at: Date.now(), fields: {}, files: {} });
  const load = (mark) => {
    const key = keyOf(mark);
    const known = drafts.get(key);
    if (known) return known;
    const kept = quietly(() => JSON.parse(store.get(key) ?? "null"));
    const draft = kept && Date.now() - kept.at < MaxAge ? { ...begin(key), ...kept, key } : begin(key, mark.dataset.base);
    drafts.set(key, draft);
    return draft;
  };
  const save = (draft) => {
    clearTimeout(draft.timer);
    draft.timer = 0;
    const { key, timer, tooLong, seen, ...kept } = draft;
    const text = JSON.stringify(kept);
    draft.tooLong = text.length > MaxChars;
    if (draft.tooLong) return store.remove(key);
    if (!store.set(key, text)) {
      prune(key);
      store.set(key, text);
    }
  };
  const saveSoon = (draft) => (draft.timer ||= setTimeout(() => save(draft), 250));
  const saveAll = () => {
    for (const draft of drafts.values()) if (draft.timer) save(draft);
  };
  // The oldest go first, and those that are over.
  const prune = (except) => {
    const kept = store
      .keys()
      .filter((key) => key.startsWith(Prefix) && key !== except)
      .map((key) => [quietly(() => JSON.parse(store.get(key)).at) ?? 0, key])
      .sort((one, other) => other[0] - one[0]);
    kept.forEach(([at, key], index) => (Date.now() - at > MaxAge || index >= (except ? MaxDrafts / 2 : MaxDrafts)) && store.remove(key));
  };
  const note = (event) => {
    const field = event.target;
    if (putting || !field.matches?.("input, textarea, select")) return;
    const mark = markOf(field);
    if (!mark || !keeps(field)) return;
    for (const [name, at] of fieldsOf(regionOf(mark))) {
      if (at !== field && !(Array.isArray(at) && at.includes(field))) continue;
      const draft = load(mark);
      if (Object.keys(draft.fields).length === 0) draft.base = mark.dataset.base ?? null;
      draft.at = Date.now();
      if (field.type === "file") draft.files[name] = [...field.files].map((file) => file.name).join(", ");
      else draft.fields[name] = valueOf(at);
      met.get(mark)?.pending.delete(name);
      saveSoon(draft);
    }
  };
  document.addEventListener("input", note, true);
  document.addEventListener("change", note, true);
  addEventListener("pagehide", saveAll);
  document.addEventListener("visibilitychange", saveAll);

  // ---- put back ------------------------------------------------------------------------------------------------------------------------------
  const meet = (mark) => {
    const on = "on" in mark.dataset;
    const before = met.get(mark);
    if (before && before.on === on && before.key === keyOf(mark)) return before.pending.size > 0 && fill(mark, before);
    const draft = load(mark);
    const names = Object.keys(draft.fields);
    const state = { on, key: draft.key, pending: new Set(names), was: new Map() };
    met.set(mark, state);
    // What is typed into the page before its circuit is up is carried over, but it is no draft of before.
    const old = on && draft.seen !== undefined ? draft.seen : names.length > 0 || Object.keys(draft.files).length > 0;
    draft.seen = on ? undefined : old;
    if (on) handOver(mark, draft);
    fill(mark, state);
    if (old) say(mark, draft);
  };
  const fill = (mark, state) => {
    const draft = load(mark);
    const fields = fieldsOf(regionOf(mark));
    for (const name of [...state.pending]) {
      const field = fields.get(name);
      if (!field || !(name in draft.fields)) continue;
      const now = valueOf(field);
      if (!state.was.has(name)) state.was.set(name, now);
      if (now === draft.fields[name] || put(field, draft.fields[name])) state.pending.delete(name);
    }
  };
  const handOver = (mark, draft) => {
    const hidden = mark.querySelector("[data-submission]");
    if (!hidden || hidden.value === draft.id) return;
    hidden.value = draft.id;
    hear(hidden);
  };
  const say = (mark, draft) => {
    const [text, discard] = mark.children;
    const files = Object.values(draft.files).filter(Boolean);
    const some = Object.keys(draft.fields).length > 0;
    if (!some && files.length === 0) {
      delete mark.dataset.said;
      discard.hidden = true;
      text.textContent = "";
      return;
    }
    const old = some && draft.base !== null && mark.dataset.base !== undefined && draft.base !== mark.dataset.base;
    const words = [];
    if (some) words.push(old ? "Draft restored onto a newer state: somebody changed this since you typed." : "Draft restored.");
    if (files.length > 0) words.push(`A file cannot be kept: choose ${files.join(", ")} again.`);
    mark.dataset.said = old ? "old" : "";
    discard.hidden = false;
    text.textContent = words.join(" ");
  };

  // ---- forget --------------------------------------------------------------------------------------------------------------------------------
  const drop = (draft) => {
    clearTimeout(draft.timer);
    store.remove(draft.key);
    drafts.delete(draft.key);
    for (const mark of document.querySelectorAll("p[data-draft]")) {
      if (met.get(mark)?.key !== draft.key) continue;
      met.get(mark).pending.clear();
      const next = load(mark);
      if ("on" in mark.dataset) handOver(mark, next);
      say(mark, next);
    }
  };
  const discard = (mark) => {
    const state = met.get(mark);
    const fields = fieldsOf(regionOf(mark));
    drop(load(mark));
    for (const [name, value] of state?.was ?? []) if (fields.has(name)) put(fields.get(name), value);
    state?.was.clear();
  };

  // ---- one press, one act: the second half of a double click and a key held down are none; before a press its key is on its way -----------------
  addEventListener(
    "click",
    (event) => {
      const button = event.target.closest?.("button");
      const mark = button && markOf(button);
      if (!button || !(mark || button.type === "submit" || button.closest("dialog footer"))) return;
      if (event.detail > 1) {
        event.preventDefault();
        event.stopImmediatePropagation();
      } else if (mark) settle(mark);
    },
    true,
  );
  addEventListener(
    "keydown",
    (event) => {
      if (event.key === "Enter" && event.repeat && event.target.closest?.("form, dialog") && !event.target.matches("textarea")) event.preventDefault();
    },
    true,
  );
  const settle = (mark) => {
    const draft = load(mark);
    if ("on" in mark.dataset) handOver(mark, draft);
    save(draft);
  };
  document.addEventListener(
    "submit",
    (event) => {
      const form = event.target;
      if (form.matches("[action$='/account/sign-out']")) {
        forgetAll();
        store.remove(Owner);
        others?.postMessage("signed out");
      }
      const mark = form.querySelector("p[data-draft]");
      if (mark) settle(mark);
    },
    true,
  );
  document.addEventListener("click", (event) => {
    const target = event.target;
    const discards = target.closest?.("[data-draft-discard]");
    if (discards) return discard(discards.closest("p[data-draft]"));
    const cancels = target.closest?.("[data-cancels]");
    if (!cancels) return;
    const within = cancels.closest("dialog") ?? cancels.closest("form, .form");
    for (const mark of within?.querySelectorAll("p[data-draft]") ?? []) drop(load(mark));
  });

  // ---- watch ---------------------------------------------------------------------------------------------------------------------------------
  const scan = () => {
    own();
    const done = document.querySelector("[data-done]")?.dataset.done;
    if (done) {
      const keys = done.split(" ");
      for (const draft of [...drafts.values()]) if (keys.includes(draft.id)) drop(draft);
    }
    for (const mark of document.querySelectorAll("p[data-draft]")) {
      meet(mark);
      const draft = load(mark);
      if (!mark.dataset.spent || mark.dataset.spent !== draft.id) continue;
      draft.id = newKey();
      handOver(mark, draft);
      save(draft);
    }
  };
  prune(null);
  scan();
  new MutationObserver(scan).observe(document.body, {
    childList: true,
    subtree: true,
    attributes: true,
    attributeFilter: ["data-draft", "data-on", "data-spent", "data-done", "data-person"],
  });
  addEventListener("pageshow", (event) => event.persisted && scan());
  // The circuit is the same after a gap; what it did not hear it is told again.
  document.addEventListener("link-back", () => {
    for (const mark of document.querySelectorAll("p[data-draft][data-on]")) {
      const hidden = mark.querySelector("[data-submission]");
      const draft = load(mark);
      const fields = fieldsOf(regionOf(mark));
      if (hidden) hear(hidden);
      for (const name of Object.keys(draft.fields)) if (fields.has(name)) put(fields.get(name), valueOf(fields.get(name)));
    }
  });
})();
