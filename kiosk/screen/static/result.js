// One tap's outcome, its buttons, and how long it stays. The next tap replaces it at once.

import { $, el, emblem, fill } from "./dom.js";
import { fit } from "./fit.js";
import { settings } from "./settings.js";

const STAY_MS = { accepted: 6_000, repeated: 7_000, refused: 9_000, broken: 9_000 };
const FOLLOWED_BY_RESULT_MS = 4_000;
const MOST_ANSWERS = 3; // with "undo" or "next page" that makes four actions, the most an old person should read
const NEAR_MS = 2_500; // so soon after another person's result, that one stays as a line: two readers at once
const section = $("#result");
let shown = null;
let timer = 0;

/** Show a result that is `age_ms` old; returns false when its time is already over. */
export function showResult(result, words, { onOver, onTouch }) {
  const stay = stayOf(result);
  if (result.age_ms >= stay) return false;
  const since = performance.now();
  const before = shown && !shown.busy && since - shown.since < NEAR_MS ? shown.result : null;
  shown = { result, before, since, words, onOver, onTouch, page: null, alert: "", busy: false, declined: false };
  shown.mine = false;
  shown.until = since + stay - result.age_ms;
  clearInterval(timer);
  timer = setInterval(count, 200);
  redrawResult(words);
  return true;
}

function stayOf({ kind, choices, choice_seconds: seconds }) {
  const reading = STAY_MS[kind] * (settings.elder ? 1.5 : 1);
  return choices.length > 0 ? Math.max(reading, seconds * 1_000) : reading;
}

export function redrawResult(words) {
  if (!shown) return;
  shown.words = words;
  const { result, declined } = shown;
  const said = result.words[settings.language];
  section.dataset.look = result.look;
  section.dataset.outcome = result.outcome;
  section.dataset.event = result.event_id;
  emblem($(".emblem", section), result.shape, shown.mine ? "clock" : declined ? "check" : result.glyph);
  const { answers, quiet } = declined ? { answers: [], quiet: [] } : buttons(said);
  const page = shown.mine ? said.mine : declined ? said.declined : said;
  $(".before", section).textContent = shown.before ? shown.before.words[settings.language].before : "";
  $(".before", section).hidden = !shown.before;
  section.toggleAttribute("data-before", Boolean(shown.before));
  section.dataset.form = answers.length > 0 ? "ask" : "tell";
  $(".told", section).replaceChildren(...told(page, answers.length > 0));
  $(".answers", section).replaceChildren(...answers);
  $(".answers", section).hidden = answers.length === 0;
  $(".facts", section).replaceChildren(...(declined || answers.length > 0 ? [] : facts(page)));
  $(".actions", section).replaceChildren(...quiet);
  count();
  fit(section);
}

/** Lines break at punctuation; a stretch longer than a line would then break anywhere, even before its ”. */
const UNBROKEN = /[^\s，。：？！、；]{14,}/;

function told(said, asks) {
  const sentence = el(UNBROKEN.test(said.sentence) ? "p.sentence.unbroken" : "p.sentence", {}, said.sentence);
  const parts = [el("h1", { tabindex: "-1" }, said.title), sentence];
  if (said.greeting && !asks) parts.unshift(el("p.greeting", {}, said.greeting));
  if (said.note) parts.push(el("p.note", {}, said.note));
  if (said.staff) parts.push(el("p.staff", {}, said.staff));
  if (shown.alert) parts.push(el("p.alert", { role: "alert" }, shown.alert));
  return parts;
}

function facts(said) {
  const checkpoint = shown.mine ? null : shown.result.checkpoint;
  const rows = said.facts.map(({ key, label, value }) =>
    el("div", { "data-key": key }, el("dt", {}, label), el("dd", {}, value)),
  );
  if (checkpoint) {
    const dots = Array.from({ length: checkpoint.of }, (_, n) => el(n < checkpoint.passed ? "i.done" : "i"));
    rows.push(el("div", {}, el("dt", {}, said.progress), el("dd", {}, el("span.dots", { "aria-hidden": true }, ...dots))));
  }
  return rows;
}

/** At most three large answers, and one or two quiet buttons below. What is more waits on further pages. */
function buttons(said) {
  const all = shown.result.choices.map((choice, n) => ({ ...choice, label: said.choices[n] }));
  const members = all.filter(({ choice }) => choice.startsWith("team_except:"));
  const undo = all.find(({ choice }) => choice === "undo");
  const main = all.filter((choice) => choice !== undo && !members.includes(choice));
  if (shown.page !== null) return paged(members.length > 0 ? members : main);
  if (shown.mine) return { answers: [], quiet: [quietButton(shown.words.back, () => lookAtMine(false))] };
  if (members.length > 0) main.push({ label: said.members, open: true });
  const quiet = undo ? [undoButton(undo)] : [];
  if (main.length === 0 && said.mine.title) quiet.unshift(mineButton(said.mine.title));
  if (main.length === 1) return { answers: [], quiet: [answerButton(main[0]), ...quiet] };
  const more = { label: shown.words.more, open: true };
  const first = main.length > MOST_ANSWERS ? [...main.slice(0, MOST_ANSWERS - 1), more] : main;
  return { answers: first.map(answerButton), quiet };
}

function paged(items) {
  const start = (shown.page ?? 0) * MOST_ANSWERS;
  const isLast = start + MOST_ANSWERS >= items.length;
  const turn = () => look(isLast ? null : shown.page + 1);
  const label = isLast ? shown.words.back : shown.words.more;
  return {
    answers: items.slice(start, start + MOST_ANSWERS).map(answerButton),
    quiet: [quietButton(label, turn)],
  };
}

function answerButton({ choice, label, planned, open }) {
  const note = planned ? el("small", {}, shown.words.planned) : null;
  const onclick = open ? () => look(0) : () => choose(choice);
  return el("button", { type: "button", "data-choice": choice ?? "open", disabled: shown.busy, onclick }, label, note);
}

const quietButton = (label, onclick) => el("button.quiet", { type: "button", onclick }, label, countdown());

const mineButton = (label) =>
  el("button.quiet", { type: "button", "data-choice": "mine", onclick: () => lookAtMine(true) }, label);

const undoButton = ({ choice, label }) =>
  el(
    "button.quiet",
    { type: "button", "data-choice": choice, disabled: shown.busy, onclick: () => choose(choice) },
    label,
    countdown(),
  );

const countdown = () => el("small.countdown", { "aria-hidden": "true" });

/** Turn to a page of further answers; reading it gets its full time again. */
function look(page) {
  shown.page = page;
  stayOn();
  shown.onTouch();
  redrawResult(shown.words);
}

/** A person's own hours stand here only while that person stands here: they never come by themselves. */
function lookAtMine(open) {
  shown.mine = open;
  stayOn();
  shown.onTouch();
  redrawResult(shown.words);
}

function stayOn(ms = stayOf(shown.result)) {
  shown.until = Math.max(shown.until, performance.now() + ms);
}

async function choose(choice) {
  const mine = shown;
  mine.busy = true;
  mine.alert = "";
  stayOn(FOLLOWED_BY_RESULT_MS);
  mine.onTouch();
  redrawResult(mine.words);
  const refusal = await post({ event_id: mine.result.event_id, choice });
  if (shown !== mine) return; // the kiosk has already answered with a result of its own
  if (refusal === null && choice === "dismiss") return over();
  mine.declined = refusal === null && choice === "end_no";
  mine.busy = refusal === null;
  if (refusal !== null) mine.alert = refusal[settings.language] ?? mine.words.choice_failed;
  stayOn(STAY_MS.accepted);
  redrawResult(mine.words);
}

/** Null when the kiosk took the choice; otherwise its words about why not. */
async function post(body) {
  try {
    const answer = await fetch("/api/choice", {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(body),
    });
    return answer.ok ? null : (await answer.json()).message;
  } catch {
    return {}; // no answer, or one that is not ours: the screen's own words tell the person
  }
}

function count() {
  if (!shown) return;
  const left = shown.until - performance.now();
  if (left <= 0) return over();
  const text = fill(shown.words.countdown, { n: Math.ceil(left / 1_000) });
  for (const place of section.querySelectorAll(".countdown")) {
    if (place.textContent !== text) place.textContent = text;
  }
}

export function over() {
  if (!shown) return;
  clearInterval(timer);
  const { onOver } = shown;
  shown = null;
  onOver();
}
