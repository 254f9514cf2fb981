// What every page shares: live parts that say when they are old, and small conveniences.
(() => {
  const STALE_MS = 15000;
  const live = document.querySelector("[data-live]");
  const warning = document.querySelector("[data-stale]");
  let lastGood = Date.now();
  let lastText = null;

  const showAge = () => {
    if (!live || !warning) return;
    const old = Date.now() - lastGood > STALE_MS && !document.hidden;
    warning.hidden = !old;
    document.body.classList.toggle("is-stale", old);
    if (old) {
      warning.querySelector("[data-stale-since]").textContent =
        new Date(lastGood).toLocaleTimeString("en-IN", { hour12: false });
    }
  };

  if (live) {
    setInterval(showAge, 2000);
    document.addEventListener("visibilitychange", () => { if (!document.hidden) lastGood = Date.now(); });
    // A board that nobody looks at asks for nothing.
    live.addEventListener("htmx:beforeRequest", (event) => {
      if (event.target === live && document.hidden) event.preventDefault();
    });
    live.addEventListener("htmx:beforeSwap", (event) => {
      if (event.detail.target !== live) return;
      const { xhr } = event.detail;
      // The session ended: the answer is the log-in page, which must not stand inside the board.
      if (new URL(xhr.responseURL).pathname.startsWith("/login/")) {
        event.detail.shouldSwap = false;
        location.reload();
        return;
      }
      if (xhr.status !== 200) return;
      lastGood = Date.now();
      showAge();
      // Nothing changed: leave the page alone, with its focus and its selection.
      if (xhr.responseText === lastText) event.detail.shouldSwap = false;
      lastText = xhr.responseText;
    });
  }

  for (const field of document.querySelectorAll("[data-submit-on-change]")) {
    field.addEventListener("change", () => { if (field.value) field.form.submit(); });
  }
  for (const button of document.querySelectorAll("[data-fullscreen]")) {
    button.addEventListener("click", () => {
      if (document.fullscreenElement) document.exitFullscreen();
      else document.documentElement.requestFullscreen();
    });
  }
  document.addEventListener("keydown", (event) => {
    const typing = event.target.closest && event.target.closest("input, textarea, select");
    const find = document.querySelector(".find input");
    if (event.key === "/" && !typing && find) {
      event.preventDefault();
      find.focus();
    }
  });
})();
