// Puts the screen together: what the kiosk says decides which of the four sections stands in front.

import { $, emblem } from "./dom.js";
import { drawBroken, drawDesk, drawIdle, setClock, tick } from "./idle.js";
import { hold, turn } from "./honour.js";
import { over, redrawResult, showResult } from "./result.js";
import { apply, onSettings, settings, touched } from "./settings.js";
import { listen } from "./stream.js";
import { play } from "./tone.js";

const root = document.documentElement;
const state = { build: null, catalogue: null, idle: null, showing: false, lost: false, serial: null };
const words = () => state.catalogue[settings.language];

function mode() {
  if (state.lost) return "lost";
  if (state.showing) return "result";
  if (state.idle.broken.length === 0 && state.idle.desk) return "desk";
  return state.idle.broken.length > 0 ? "broken" : "idle";
}

function draw() {
  if (!state.catalogue || !state.idle) return;
  const now = mode();
  root.dataset.mode = now;
  const front = now === "desk" ? "broken" : now; // both say why no card counts here, and what to do
  for (const name of ["idle", "result", "broken", "lost"]) $(`#${name}`).hidden = name !== front;
  root.toggleAttribute("data-demo", state.idle.demo);
  $(".demo").hidden = !state.idle.demo;
  $(".demo").textContent = words().demo;
  document.title = words().title;
  if (now === "idle") drawIdle(state.idle, words());
  if (now === "broken") drawBroken(state.idle, words());
  if (now === "desk") drawDesk(state.idle, words());
  if (now === "result") redrawResult(words());
  if (now === "lost") drawLost();
}

function drawLost() {
  emblem($("#lost .emblem"), "triangle", "alarm");
  $("#lost h1").textContent = words().lost_title;
  $("#lost .sentence").textContent = words().lost_sentence;
}

listen({
  hello({ build, languages, words: catalogue }) {
    if (state.build !== null && state.build !== build) location.reload();
    state.build = build;
    state.catalogue = catalogue;
    settings.languages = languages;
    if (!languages.includes(settings.language)) settings.language = languages[0];
    apply(true);
    draw();
  },
  beat({ now }) {
    setClock(now);
    root.dataset.now = now;
    if (state.idle) tick(state.idle, words());
    turn(performance.now());
  },
  idle(view) {
    state.idle = view;
    if (!state.showing) draw();
  },
  result(result) {
    if (result.serial === state.serial) return; // the stream came back and tells what was shown already
    state.serial = result.serial;
    const handlers = {
      onTouch: touched,
      onOver: () => {
        state.showing = false;
        draw();
      },
    };
    state.showing = showResult(result, words(), handlers);
    if (!state.showing) return;
    touched();
    draw();
    play(result.look);
    $("#result h1").focus({ preventScroll: true });
  },
  lost(isLost) {
    state.lost = isLost;
    root.dataset.mode = "lost"; // even before the first words came: the page itself holds these
    $("#lost").hidden = !isLost;
    draw();
  },
});

onSettings(draw);
addEventListener("resize", draw);
addEventListener("pointerdown", () => {
  touched();
  hold();
});
addEventListener("keydown", (event) => (event.key === "Escape" ? over() : touched()));
