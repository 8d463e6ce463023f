// Draw a book of cards and show how far it is: lines "done of-how-many", a line of JSON, then the PDF itself.
document.addEventListener("DOMContentLoaded", () => {
  const form = document.querySelector("form[data-book]");
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    draw(form);
  });
});

async function draw(form) {
  const button = form.querySelector("button");
  const progress = form.querySelector("[data-progress]");
  const faults = form.querySelector("[data-faults]");
  button.disabled = true;
  faults.hidden = true;
  progress.hidden = false;
  const say = (words, share) => {
    progress.querySelector("p").textContent = words;
    progress.querySelector("progress").value = share;
  };
  say("…", 0);
  try {
    const headers = { "X-Requested-With": "yika" };
    const answer = await fetch(form.action, { method: "POST", body: new FormData(form), headers, redirect: "manual" });
    if (answer.type === "opaqueredirect") {
      window.location.reload(); // this page, now with the reason why not
      return;
    }
    if (!answer.ok) throw new Error(String(answer.status));
    const { told, pdf } = await received(answer.body.getReader(), say);
    if (pdf.size !== told.size) throw new Error("cut off");
    if (told.size) keep(pdf, form.dataset.name);
    say(told.size ? form.dataset.finished : "", 1);
    list(faults, told.faults);
  } catch {
    say(form.dataset.failed, 0);
  }
  button.disabled = false;
}

// Read lines as they come; what follows the line of JSON is the PDF.
async function received(reader, say) {
  const decoder = new TextDecoder();
  const parts = [];
  let told = null;
  let rest = new Uint8Array();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return { told, pdf: new Blob(parts, { type: "application/pdf" }) };
    if (told) {
      parts.push(value);
      continue;
    }
    rest = joined(rest, value);
    for (let end = rest.indexOf(10); end >= 0 && !told; end = rest.indexOf(10)) {
      const line = decoder.decode(rest.subarray(0, end));
      rest = rest.subarray(end + 1);
      if (line.startsWith("{")) {
        told = JSON.parse(line);
        parts.push(rest);
      } else {
        const [now, of] = line.split(" ").map(Number);
        say(`${now} / ${of}`, now / of);
      }
    }
  }
}

function joined(before, after) {
  const all = new Uint8Array(before.length + after.length);
  all.set(before);
  all.set(after, before.length);
  return all;
}

function keep(pdf, name) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(pdf);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

function list(place, faults) {
  place.replaceChildren(
    ...faults.map((words) => {
      const line = document.createElement("div");
      line.className = "card bad";
      line.textContent = words;
      return line;
    }),
  );
  place.hidden = faults.length === 0;
}
