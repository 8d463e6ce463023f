// While nobody taps: the clock runs, the next turns wait, and broken states stand in front of everything.

import { $, el, emblem, fill, icon } from "./dom.js";
import { fit, overflows } from "./fit.js";
import { drawHonour } from "./honour.js";
import { change, nextLanguage, settings } from "./settings.js";

const FEWEST_TURNS = 2; // the scale shrinks for these; more are shown where there is room
const STATUS_ICONS = { offline: "cloud", clock: "clock" };
const idle = $("#idle");
const broken = $("#broken");
let ahead = 0; // kiosk's clock minus this browser's
let minute = "";

export function setClock(now) {
  ahead = now - Date.now();
}

export function drawIdle(view, words) {
  const said = view.words[settings.language];
  $(".community", idle).textContent = said.community;
  $(".site", idle).textContent = said.site;
  $(".site", idle).hidden = !said.site;
  $(".status ul", idle).replaceChildren(
    ...said.status.map(({ key, text }) => el("li", { "data-key": key }, icon({ [STATUS_ICONS[key]]: "" }), text)),
  );
  $(".status", idle).hidden = said.status.length === 0;
  $(".tap-word", idle).textContent = words.tap;
  $(".tap-how", idle).textContent = words.tap_how;
  $(".tools", idle).setAttribute("aria-label", words.tools);
  $(".tools", idle).replaceChildren(...tools(words, view.demo));
  minute = "";
  tick(view, words);
  drawHonour(said.honoured, words, () => drawTurns(said.turns, words));
}

function drawTurns(turns, words) {
  const place = $(".turns", idle);
  if (turns.length === 0) {
    place.replaceChildren(el("p.none", {}, words.no_turns));
    fit(idle);
    return;
  }
  // Where not all of them fit, those that still want people stay; what stays is in order of time.
  const ranked = [...turns].sort((a, b) => b.wanted - a.wanted);
  const list = el("ol");
  place.replaceChildren(el("h2", {}, words.next), list);
  const show = (count) => {
    const chosen = new Set(ranked.slice(0, count));
    list.replaceChildren(...turns.filter((turn) => chosen.has(turn)).map(turnRow));
    return !overflows(idle);
  };
  let count = Math.min(FEWEST_TURNS, turns.length);
  show(count);
  fit(idle);
  while (count < turns.length && show(count + 1)) count += 1;
  while (!show(count) && count > 1) count -= 1;
}

function turnRow(turn) {
  const start = [turn.day, turn.start].filter(Boolean).join(" ");
  const now = turn.now ? el("span.now", {}, ` ${turn.now}`) : "";
  return el(
    "li",
    {},
    el("span.hours", {}, el("span.from", {}, start, el("span.end", {}, `–${turn.end}`)), now),
    el("span.name", {}, turn.name),
    el(turn.wanted ? "span.need.wanted" : "span.need", {}, turn.need),
  );
}

function tools(words, demo) {
  const flip = (key) => () => change({ [key]: !settings[key] });
  const pressed = (key) => ({ type: "button", "aria-pressed": String(settings[key]) });
  const buttons = [
    el("button", { ...pressed("elder"), onclick: flip("elder") }, settings.elder ? words.bigger_off : words.bigger),
    el(
      "button",
      { ...pressed("contrast"), onclick: flip("contrast") },
      settings.contrast ? words.contrast_off : words.contrast,
    ),
  ];
  if (settings.languages.length > 1) buttons.unshift(languageButton(words));
  if (demo && window.top === window) buttons.push(el("a.button.wide", { href: "/hand" }, words.demo_hand));
  return buttons;
}

const languageButton = (words) =>
  el("button", { type: "button", onclick: () => change({ language: nextLanguage() }) }, words.other_language);

export function drawBroken(view, words) {
  emblem($(".emblem", broken), "triangle", "alarm");
  drawNotice(view, words, view.words[settings.language].broken);
}

/** Staff make cards at this reader: nothing is broken, but nobody's tap counts. */
export function drawDesk(view, words) {
  emblem($(".emblem", broken), "square", "card");
  drawNotice(view, words, [view.words[settings.language].desk]);
}

function drawNotice(view, words, [first, ...others]) {
  const said = view.words[settings.language];
  $(".where", broken).textContent = [said.community, said.site].filter(Boolean).join(" · ");
  $(".told", broken).replaceChildren(
    el("h1", {}, first.title),
    el("p.sentence", {}, first.sentence),
    el("p.staff", {}, [first.staff, first.detail].filter(Boolean).join(" ")),
    ...others.map((other) => el("p", {}, other.title)),
  );
  $(".contact", broken).textContent = said.contact;
  const several = settings.languages.length > 1;
  $(".actions", broken).replaceChildren(...(several ? [languageButton(words)] : []));
  minute = "";
  tick(view, words);
  fit(broken);
}

/** Draw the clock when its minute changed. */
export function tick(view, words) {
  const now = new Date(Date.now() + ahead);
  const clock = new Intl.DateTimeFormat("en-GB", { timeZone: view.zone, hour: "2-digit", minute: "2-digit" });
  const text = clock.format(now);
  if (text === minute) return;
  minute = text;
  $(".time", idle).textContent = text;
  $(".clock", broken).textContent = text;
  $(".date", idle).textContent = dateWords(now, view.zone, words);
}

function dateWords(now, timeZone, words) {
  const parts = new Intl.DateTimeFormat("en-US", { timeZone, year: "numeric", month: "numeric", day: "numeric" });
  const [month, day, year] = parts.format(now).split("/").map(Number);
  const weekday = new Date(Date.UTC(year, month - 1, day)).getUTCDay();
  return fill(words.date, { day, month_name: words.months[month - 1], weekday: words.weekdays[weekday] });
}
