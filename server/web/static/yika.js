// What pages gain where scripts run: a menu that folds, a board that refreshes itself, a question before harm.
document.documentElement.classList.add("js");

document.addEventListener("DOMContentLoaded", () => {
  const button = document.querySelector("[data-menu]");
  if (button) {
    const side = document.getElementById(button.dataset.menu);
    button.addEventListener("click", () => {
      const shown = side.classList.toggle("shown");
      button.setAttribute("aria-expanded", String(shown));
    });
  }
  for (const form of document.querySelectorAll("form[data-ask]")) {
    form.addEventListener("submit", (event) => {
      if (!window.confirm(form.dataset.ask)) event.preventDefault();
    });
  }
  for (const print of document.querySelectorAll("[data-print]")) {
    print.hidden = false;
    print.addEventListener("click", () => window.print());
  }
  const live = document.querySelector("[data-refresh]");
  if (live) refresh(live);
});

// Fetch the changing part every few seconds; while the server cannot be reached the page says so.
function refresh(live) {
  const lost = document.querySelector("[data-lost]");
  const pause = Number(live.dataset.every || 3000);
  let pressed = false; // a button that were exchanged under the finger would not be pressed at all
  live.addEventListener("pointerdown", () => { pressed = true; });
  for (const end of ["pointerup", "pointercancel"]) {
    window.addEventListener(end, () => setTimeout(() => { pressed = false; }));
  }
  const again = async () => {
    try {
      const answer = await fetch(live.dataset.refresh, { headers: { "X-Requested-With": "yika" }, redirect: "error" });
      if (!answer.ok) throw new Error(String(answer.status));
      const text = await answer.text();
      if (text !== live.dataset.last && !pressed) {
        live.innerHTML = text;
        live.dataset.last = text;
      }
      lost.hidden = true;
    } catch {
      lost.hidden = false;
    }
    setTimeout(again, pause);
  };
  setTimeout(again, pause);
}
