// A phone as a card: a key that never leaves this browser signs a code that changes every half minute.
//
// The format is card_tools/phone_code.py's. The key is made here by WebCrypto, not extractable, and kept in
// IndexedDB; the server gets the public half once. After that the page needs no network while it stays open.
import { matrix } from "./qr.js";

const STEP_MS = 30000;
const FIRST_BYTE = 0x13;
const MARGIN = 4; // white modules around a code
const BASE45 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:";
const CURVE = { name: "ECDSA", namedCurve: "P-256" };
const SIGNATURE = { name: "ECDSA", hash: "SHA-256" };

const page = document.querySelector("[data-phone]");
if (page) begin();

async function begin() {
  if (!window.crypto?.subtle || !window.indexedDB) return show("insecure");
  try {
    const held = await stored("readonly", (phones) => phones.get(page.dataset.phone));
    if (held && page.dataset.card === held.card) return present(held);
  } catch {
    return show("insecure"); // a private window may keep nothing
  }
  page.querySelector("[data-enrol]").addEventListener("click", enrol);
  return show("new");
}

function show(state) {
  for (const part of page.querySelectorAll("[data-state]")) part.hidden = part.dataset.state !== state;
}

async function enrol(event) {
  event.target.disabled = true;
  try {
    const pair = await crypto.subtle.generateKey(CURVE, false, ["sign", "verify"]);
    const point = new Uint8Array(await crypto.subtle.exportKey("raw", pair.publicKey));
    const form = new FormData(page.querySelector("form[data-key]"));
    form.set("public", [...point].map((byte) => byte.toString(16).padStart(2, "0")).join(""));
    const answer = await fetch(page.querySelector("form[data-key]").action, {
      method: "POST",
      body: form,
      redirect: "error",
    });
    if (!answer.ok) throw new Error(String(answer.status));
    const held = { card: (await answer.json()).card, key: pair.privateKey };
    await stored("readwrite", (phones) => phones.put(held, page.dataset.phone));
    await present(held);
  } catch {
    event.target.disabled = false;
    page.querySelector("[data-failed]").hidden = false;
  }
}

// Draw the code of each half minute as it begins, and count down.
async function present(held) {
  show("code");
  let drawn = null;
  const tick = async () => {
    const now = Date.now();
    const step = Math.floor(now / STEP_MS);
    if (step !== drawn) {
      drawn = step;
      draw(matrix(await codeText(held, step)));
    }
    page.querySelector("[data-seconds]").textContent = String(Math.ceil((STEP_MS - (now % STEP_MS)) / 1000));
    setTimeout(tick, 1000 - (now % 1000));
  };
  await tick();
}

async function codeText(held, step) {
  const card = held.card.match(/../g).map((pair) => parseInt(pair, 16));
  const head = new Uint8Array([FIRST_BYTE, ...card, step >>> 24, step >>> 16, step >>> 8, step]);
  const signed = new Uint8Array([...new TextEncoder().encode("yika-phone-1"), ...head]);
  const signature = await crypto.subtle.sign(SIGNATURE, held.key, signed);
  return `YIKA:${base45([...head, ...new Uint8Array(signature)])}`;
}

// RFC 9285: two bytes become three letters, a last one becomes two; the lowest digit first.
function base45(bytes) {
  let text = "";
  for (let i = 0; i < bytes.length; i += 2) {
    const pair = i + 1 < bytes.length;
    let value = pair ? bytes[i] * 256 + bytes[i + 1] : bytes[i];
    for (let digits = pair ? 3 : 2; digits; digits--) {
      text += BASE45[value % 45];
      value = Math.floor(value / 45);
    }
  }
  return text;
}

function draw(rows) {
  const path = rows.flatMap((row, y) =>
    row.map((cell, x) => (cell ? `M${x + MARGIN} ${y + MARGIN}h1v1h-1z` : "")),
  );
  page.querySelector("svg path").setAttribute("d", path.join(""));
}

// One access to this browser's phones, by the volunteer's number: two people may share a telephone.
function stored(mode, access) {
  return new Promise((resolve, reject) => {
    const opening = indexedDB.open("yika", 1);
    opening.onupgradeneeded = () => opening.result.createObjectStore("phones");
    opening.onerror = () => reject(opening.error);
    opening.onsuccess = () => {
      const database = opening.result;
      const asking = access(database.transaction("phones", mode).objectStore("phones"));
      asking.onerror = () => reject(asking.error);
      asking.transaction.oncomplete = () => {
        database.close();
        resolve(asking.result);
      };
    };
  });
}
