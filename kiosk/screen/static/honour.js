// People of the honour wall, one after another, slowly. Only those whom the kiosk names: they asked for it.

import { $, el } from "./dom.js";

const SLIDE_MS = 15_000;
const HELD_MS = 60_000; // a touch anywhere holds the one who stands there
const place = $("#idle .honour");
const still = matchMedia("(prefers-reduced-motion: reduce)");
let people = [];
let shown = 0;
let since = 0;
let heldUntil = 0;
let thanks = "";

/** Draw the line, and the rest of the screen around it; where that leaves too little room, without the line. */
export function drawHonour(list, words, drawRest) {
  people = list;
  thanks = words.honour;
  shown %= Math.max(people.length, 1);
  show();
  drawRest();
  if (people.length > 0 && $("#idle").dataset.tight !== "0") {
    place.hidden = true;
    drawRest();
  }
}

function show() {
  place.dataset.people = people.length;
  place.hidden = people.length === 0;
  if (people.length === 0) return;
  const { name, team, hours } = people[shown];
  place.replaceChildren(el("span.thanks", {}, thanks), el("strong", {}, name), el("span.team", {}, team), el("span", {}, hours));
}

/** The next person, when this one has stood long enough; never for who asked for no motion. */
export function turn(now) {
  if (people.length < 2 || place.hidden || still.matches || now < heldUntil || now - since < SLIDE_MS) return;
  since = now;
  shown = (shown + 1) % people.length;
  show();
}

export function hold() {
  heldUntil = performance.now() + HELD_MS;
}
