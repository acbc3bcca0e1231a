// The timeline: arrow keys move between marks and lanes, one of which is in the tab order; the line of the present moves on by itself.
(() => {
  "use strict";
  const stops = (part) => [...part.querySelectorAll("[data-tl]")];
  const lanesOf = (timeline) => [...timeline.querySelectorAll(".tl-ln")].filter((lane) => lane.querySelector("[data-tl]"));

  // One of the marks can be reached with Tab: the one where somebody stood, else the open one, else the first.
  const shown = new WeakSet();
  const settle = () => {
    for (const timeline of document.querySelectorAll(".tl")) {
      // Where it is wider than the window, what is now is what one came for.
      const line = timeline.querySelector(".tl-grid > .now");
      if (!shown.has(timeline) && line && timeline.scrollWidth > timeline.clientWidth)
        timeline.scrollLeft = line.getBoundingClientRect().left - timeline.getBoundingClientRect().left - timeline.clientWidth * 0.85;
      shown.add(timeline);
      const all = stops(timeline);
      const focus = document.activeElement;
      const stop = all.find((mark) => mark === focus) ?? all.find((mark) => mark.tabIndex === 0 && "stood" in mark.dataset) ?? all.find((mark) => mark.matches("[aria-current]")) ?? all[0];
      for (const mark of all) if (mark.tabIndex !== (mark === stop ? 0 : -1)) mark.tabIndex = mark === stop ? 0 : -1;
    }
  };
  // Further lanes come when the end of those that are there is scrolled into sight.
  const ends = new IntersectionObserver((seen) => {
    for (const end of seen) if (end.isIntersecting) end.target.querySelector("button:not([aria-disabled=true])")?.click();
  });
  const watched = new WeakSet();
  const watch = () => {
    for (const end of document.querySelectorAll("[data-tl-more]")) {
      if (watched.has(end)) continue;
      watched.add(end);
      ends.observe(end);
    }
  };
  let waits = 0;
  const soon = () => (waits ||= requestAnimationFrame(() => ((waits = 0), settle(), watch())));
  settle();
  watch();
  new MutationObserver(soon).observe(document.body, { childList: true, subtree: true });

  const stand = (mark) => {
    const timeline = mark.closest(".tl");
    for (const other of timeline.querySelectorAll("[data-stood]")) delete other.dataset.stood;
    mark.dataset.stood = "";
    mark.tabIndex = 0;
    mark.focus({ preventScroll: true });
    // The head and the names of lanes stay over what scrolls: what has the focus must not lie under them.
    const [box, frame] = [mark.getBoundingClientRect(), timeline.getBoundingClientRect()];
    const [left, top] = [frame.left + (timeline.querySelector(".tl-lh")?.offsetWidth ?? 0) + 8, frame.top + (timeline.querySelector(".tl-hd")?.offsetHeight ?? 0) + 8];
    timeline.scrollBy(
      box.left < left ? box.left - left : Math.max(0, Math.min(box.left - left, box.right + 8 - frame.right)),
      box.top < top ? box.top - top : Math.max(0, box.bottom + 8 - frame.bottom),
    );
    settle();
  };
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.shiftKey || event.isComposing) return;
    const mark = event.target.closest?.(".tl [data-tl]");
    const timeline = event.target.closest?.(".tl");
    if (!timeline) return;
    const arrows = ["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown", "Home", "End"];
    if (!arrows.includes(event.key)) return;
    if (!mark) {
      // From the frame, the first arrow leads to the marks; without any it scrolls as ever.
      const first = stops(timeline).find((one) => one.tabIndex === 0);
      if (event.target !== timeline || !first) return;
      event.preventDefault();
      return stand(first);
    }
    event.preventDefault();
    const at = (one) => one.getBoundingClientRect().left;
    const lane = mark.closest(".tl-ln");
    const inLane = stops(lane).sort((a, b) => at(a) - at(b));
    let to = null;
    if (event.key === "ArrowLeft") to = inLane[inLane.indexOf(mark) - 1];
    else if (event.key === "ArrowRight") to = inLane[inLane.indexOf(mark) + 1];
    else if (event.key === "Home") to = inLane[0];
    else if (event.key === "End") to = inLane.at(-1);
    else {
      const lanes = lanesOf(timeline);
      const next = lanes[lanes.indexOf(lane) + (event.key === "ArrowDown" ? 1 : -1)];
      // The one that is nearest in time.
      if (next) to = stops(next).reduce((near, one) => (Math.abs(at(one) - at(mark)) < Math.abs(at(near) - at(mark)) ? one : near));
    }
    if (to) stand(to);
  });

  // What is current reaches until now, and now goes on.
  const skew = Date.parse(document.documentElement.dataset.now || "") - Date.now() || 0;
  const tick = () => {
    if (document.hidden) return;
    for (const timeline of document.querySelectorAll(".tl[data-from]")) {
      const now = Date.now() + skew;
      const share = (now - timeline.dataset.from) / (timeline.dataset.to - timeline.dataset.from);
      timeline.style.setProperty("--now", `${Math.min(1, Math.max(0, share)) * 100}%`);
      const clock = timeline.querySelector("[data-tl-clock]")?.firstChild;
      const text = window.agentConsole.clock(now).slice(0, 5);
      if (clock && clock.data !== text) clock.data = text;
    }
  };
  setInterval(tick, 10000);
})();
