// The station screen: one field that always has the focus, scans sent one after the other, each with an
// id and a time of its own, so that a scan sent twice is recorded once.
(() => {
  const form = document.getElementById("scan-form");
  const field = document.getElementById("scan");
  const screen = document.getElementById("screen");
  const offline = document.querySelector("[data-offline]");
  const waiting = document.querySelector("[data-waiting]");
  const recent = document.querySelector("[data-recent]");
  const RETRY_MS = [300, 1000, 2000, 4000];
  const queue = [];
  let busy = false;
  let clockOffset = Date.parse(document.body.dataset.now) - Date.now();

  // crypto.randomUUID exists only on https and localhost; a station may well be on plain http.
  const newId = () => {
    if (crypto.randomUUID) return crypto.randomUUID();
    const bytes = crypto.getRandomValues(new Uint8Array(16));
    bytes[6] = (bytes[6] & 0x0f) | 0x40;
    bytes[8] = (bytes[8] & 0x3f) | 0x80;
    const hex = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
    return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
  };

  const focus = () => { if (document.activeElement !== field) field.focus({ preventScroll: true }); };
  field.addEventListener("blur", () => setTimeout(focus, 0));
  document.addEventListener("click", (event) => { if (!event.target.closest("a")) focus(); });
  document.addEventListener("visibilitychange", focus);
  window.addEventListener("focus", focus);
  window.addEventListener("pageshow", focus);

  // Tones that differ in pitch, number and length: told apart in noise and by bad ears. No file is loaded.
  let audio = null;
  const TONES = {
    pass: [[880, 0, 0.12], [1320, 0.12, 0.18]],
    next: [[660, 0, 0.1]],
    note: [[520, 0, 0.12]],
    failed: [[440, 0, 0.18], [440, 0.26, 0.18]],
    refused: [[196, 0, 0.3], [196, 0.38, 0.3], [196, 0.76, 0.3]],
  };
  const sound = (verdict) => {
    const Context = window.AudioContext || window.webkitAudioContext;
    if (!Context || !TONES[verdict]) return;
    audio = audio || new Context();
    audio.resume();
    for (const [pitch, start, length] of TONES[verdict]) {
      const tone = audio.createOscillator();
      const volume = audio.createGain();
      tone.type = verdict === "refused" ? "square" : "sine";
      tone.frequency.value = pitch;
      volume.gain.setValueAtTime(0.25, audio.currentTime + start);
      volume.gain.exponentialRampToValueAtTime(0.001, audio.currentTime + start + length);
      tone.connect(volume).connect(audio.destination);
      tone.start(audio.currentTime + start);
      tone.stop(audio.currentTime + start + length);
    }
  };

  const SIGNS = { pass: "✓", failed: "!", refused: "✕", next: "…", note: "i" };
  const remember = (answer, text) => {
    const { verdict, unit, code, time } = answer.dataset;
    const item = document.createElement("li");
    item.className = "recent-" + verdict;
    item.textContent = `${SIGNS[verdict] || ""} ${time}  ${unit || text}${code ? "  " + code : ""}`;
    recent.prepend(item);
    while (recent.children.length > 8) recent.lastChild.remove();
  };

  const show = (html, text) => {
    screen.innerHTML = html;
    const answer = screen.querySelector("[data-verdict]");
    clockOffset = Date.parse(answer.dataset.now) - Date.now();
    sound(answer.dataset.verdict);
    remember(answer, text);
    // Two equal answers in a row must be seen as two.
    answer.classList.add("is-new");
    const first = screen.querySelector(".speech");
    if (first) document.documentElement.lang = first.lang;
  };

  const send = async (scan) => {
    const body = new FormData(form);
    body.set("scan", scan.text);
    body.set("event_id", scan.id);
    body.set("at", scan.at);
    for (let attempt = 0; ; attempt += 1) {
      try {
        const answer = await fetch(form.action, {
          method: "POST", body, headers: { "X-Station": "1" }, signal: AbortSignal.timeout(15000),
        });
        if (answer.redirected || answer.status === 403) { location.reload(); return; }
        if (answer.ok) {
          offline.hidden = true;
          show(await answer.text(), scan.text);
          return;
        }
      } catch { /* no connection: the scan stays and is sent again below */ }
      offline.hidden = false;
      if (attempt === 0) sound("refused");
      await new Promise((resume) => setTimeout(resume, RETRY_MS[Math.min(attempt, RETRY_MS.length - 1)]));
    }
  };

  const work = async () => {
    if (busy) return;
    busy = true;
    while (queue.length) {
      waiting.hidden = queue.length < 2;
      waiting.textContent = `+${queue.length - 1}`;
      await send(queue.shift());
    }
    waiting.hidden = true;
    busy = false;
  };

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const text = field.value.trim();
    field.value = "";
    if (!text) return;
    queue.push({ text, id: newId(), at: new Date(Date.now() + clockOffset).toISOString() });
    work();
  });

  focus();
})();
