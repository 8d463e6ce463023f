// A card lies on the simulated reader until it is taken away, as in a real hand: about a second.

import { $, el } from "./dom.js";

const LIES_MS = 1_000;
const told = $("#told");
let taking = 0;

async function post(path, body) {
  const answer = await fetch(path, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body ?? {}),
  });
  if (answer.ok) return true;
  const { message } = await answer.json();
  told.textContent = message.zh === message.en ? message.zh : `${message.zh} ${message.en}`;
  return false;
}

async function put(card) {
  clearTimeout(taking);
  told.textContent = "";
  press(card);
  if (!(await post("/hand/put", { card }))) return press(null);
  taking = setTimeout(async () => {
    await post("/hand/take");
    press(null);
  }, LIES_MS);
}

function press(card) {
  for (const button of document.querySelectorAll("[data-card]")) {
    button.setAttribute("aria-pressed", String(button.dataset.card === card));
  }
}

const row = ({ card, label }) =>
  el(
    "li",
    {},
    el("button", { type: "button", "data-card": card, "aria-pressed": "false", onclick: () => put(card) }, label),
  );

$("#other").addEventListener("submit", (event) => {
  event.preventDefault();
  const card = $("#card").value.trim();
  if (card) put(card);
});

const cards = await fetch("/hand/cards");
$("#cards").replaceChildren(...(await cards.json()).map(row));
