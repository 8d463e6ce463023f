// Words of any length on a screen of any size: the scale shrinks step by step until nothing overflows; then the
// numbers close up (tight 1), then the sign gives its column to the words (tight 2). The smallest sizes that
// design.md §8 allows are floors in base.css, so shrinking never goes below them.

const STEPS = [1, 0.94, 0.88, 0.82, 0.76];
const TIGHT = ["0", "1", "2"];

export function fit(section) {
  for (const tight of TIGHT) {
    section.dataset.tight = tight;
    for (const step of STEPS) {
      section.style.setProperty("--f", step);
      if (!overflows(section)) return;
    }
  }
}

/** A font's own box is taller than its line by this much at most; that is no overflow. */
const LEADING = 14;

export function overflows(section) {
  const wide = [section, ...section.querySelectorAll(".told, .answers button, .facts, .facts dd, .foot, .place, .tap, .middle > div")];
  const tall = [section, ...section.querySelectorAll(".answers button, .tap, .middle > div, .middle")];
  return (
    wide.some((box) => box.scrollWidth > box.clientWidth + 1) ||
    tall.some((box) => box.scrollHeight > box.clientHeight + LEADING) ||
    [...section.querySelectorAll(".middle > div")].some((box) => box.offsetHeight > box.parentNode.clientHeight) ||
    collides(section)
  );
}

/** Parts of a section that stand on each other, or that stick out above or below. */
function collides(section) {
  const parts = [...section.children].filter((child) => !child.hidden && child.className !== "emblem");
  const boxes = parts.map((part) => part.getBoundingClientRect()).filter((box) => box.height > 0);
  return boxes.some(
    (box, n) =>
      box.top < -1 || box.bottom > section.clientHeight + 1 || boxes.slice(n + 1).some((other) => meet(box, other)),
  );
}

const meet = (a, b) =>
  a.left < b.right - 1 && b.left < a.right - 1 && a.top < b.bottom - 1 && b.top < a.bottom - 1;
