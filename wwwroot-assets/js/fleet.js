// Facets of the fleet: Alt-click excludes, and what was folded stays folded.
(() => {
  document.addEventListener(
    "click",
    (event) => {
      const link = event.altKey && event.target.closest?.("a[data-not]");
      if (!link) return;
      event.preventDefault(); // else the browser would save the page
      event.stopPropagation();
      window.Blazor?.navigateTo(link.dataset.not);
    },
    true,
  );

  const kept = (name) => `agentconsole-fold-${name}`;
  document.addEventListener(
    "toggle",
    (event) => {
      const name = event.target.dataset?.keeps;
      if (!name) return;
      try {
        localStorage.setItem(kept(name), event.target.open ? "open" : "shut");
      } catch {
        // Nothing may be kept: then it is not.
      }
    },
    true,
  );
  const fold = (within) => {
    const parts = within.matches?.("details[data-keeps]") ? [within] : [];
    for (const part of [...parts, ...within.querySelectorAll("details[data-keeps]")]) {
      let was = null;
      try {
        was = localStorage.getItem(kept(part.dataset.keeps));
      } catch {
        return;
      }
      if (was && part.open !== (was === "open")) part.open = was === "open";
    }
  };
  fold(document);
  new MutationObserver((changes) => {
    for (const change of changes) for (const node of change.addedNodes) if (node.nodeType === 1) fold(node);
  }).observe(document.body, { childList: true, subtree: true });
})();
