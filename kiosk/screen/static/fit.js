// Words of any length on a screen of any size: the scale shrinks step by step until nothing overflows. The
// smallest sizes that design.md §8 allows are floors in base.css, so shrinking never goes below them.

const STEPS = [1, 0.94, 0.88, 0.82, 0.76, 0.7, 0.64];

export function fit(section) {
  for (const step of STEPS) {
    section.style.setProperty("--f", step);
    if (!overflows(section)) return;
  }
}

export function overflows(section) {
  const boxes = [section, ...section.querySelectorAll(".told, .answers, .answers button, .facts, .facts dd, .foot")];
  return boxes.some(
    (box) => box.scrollHeight > box.clientHeight + 1 || box.scrollWidth > box.clientWidth + 1,
  );
}
