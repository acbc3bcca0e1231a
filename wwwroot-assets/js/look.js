// Runs before the first paint. The server writes what the person chose to html[data-look] as theme.contrast.density.keys; what they left to
// the system is asked of the system here, and again whenever it changes.
(() => {
  "use strict";
  const root = document.documentElement;
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const more = matchMedia("(prefers-contrast: more)");

  const paper = matchMedia("print"); // paper is white

  const apply = () => {
    const [theme, contrast, density, keys] = (root.dataset.look || "system.system.comfortable.on").split(".");
    const wanted = {
      theme: paper.matches ? "light" : theme === "system" ? (dark.matches ? "dark" : "light") : theme,
      contrast: (contrast === "system" ? more.matches : contrast === "more") ? "more" : "normal",
      density: density || "comfortable",
      keys: keys || "on",
    };
    for (const [name, value] of Object.entries(wanted)) if (root.dataset[name] !== value) root.dataset[name] = value;
  };

  apply();
  dark.addEventListener("change", apply);
  more.addEventListener("change", apply);
  paper.addEventListener("change", apply);
  // An enhanced navigation writes the server's attributes anew.
  new MutationObserver(apply).observe(root, { attributes: true, attributeFilter: ["data-look", "data-theme", "data-contrast", "data-density", "data-keys"] });
})();
