// Runs before the page is drawn, so that it never flashes in the wrong colours. Without a choice the
// system's own setting rules (see base.css).
(() => {
  const key = "karkhana-theme";
  const root = document.documentElement;
  const read = () => { try { return localStorage.getItem(key); } catch { return null; } };
  const chosen = read();
  if (chosen === "dark" || chosen === "light") root.dataset.theme = chosen;
  window.addEventListener("DOMContentLoaded", () => {
    for (const button of document.querySelectorAll("[data-theme-switch]")) {
      button.addEventListener("click", () => {
        const dark = root.dataset.theme
          ? root.dataset.theme === "dark"
          : matchMedia("(prefers-color-scheme: dark)").matches;
        root.dataset.theme = dark ? "light" : "dark";
        try { localStorage.setItem(key, root.dataset.theme); } catch { /* private window: for this page only */ }
        document.dispatchEvent(new Event("karkhana:theme"));
      });
    }
  });
})();
