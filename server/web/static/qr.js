// A QR code of one size, drawn on the phone itself, since a code that changes must also change without a network.
//
// ISO/IEC 18004: version 7 (45 modules), level Q, alphanumeric mode, at most 125 characters. A matrix is an array
// of rows of 0 and 1, without the white margin (four modules wide) that the page has to leave around it.

const SIZE = 45;
const LEVEL = 0b11; // Q
const VERSION_BITS = 0x07c94; // version 7 with its check bits
const DATA_WORDS = [14, 14, 15, 15, 15, 15]; // data codewords of each block
const CHECK_WORDS = 18; // check codewords of each block
const CENTRES = [6, 22, 38]; // of alignment patterns
const LETTERS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:";
const MOST = 125;

const MASKS = [
  (x, y) => (x + y) % 2,
  (x, y) => y % 2,
  (x) => x % 3,
  (x, y) => (x + y) % 3,
  (x, y) => (Math.floor(x / 3) + Math.floor(y / 2)) % 2,
  (x, y) => ((x * y) % 2) + ((x * y) % 3),
  (x, y) => (((x * y) % 2) + ((x * y) % 3)) % 2,
  (x, y) => (((x + y) % 2) + ((x * y) % 3)) % 2,
];

// The matrix of a text; throws a RangeError for what does not fit.
export function matrix(text) {
  const bits = placed(codewords(text));
  let best = null;
  for (let mask = 0; mask < MASKS.length; mask++) {
    const rows = masked(bits, mask);
    const cost = penalty(rows);
    if (best === null || cost < best.cost) best = { rows, cost };
  }
  return best.rows;
}

function codewords(text) {
  const blocks = [];
  let rest = packed(text);
  for (const length of DATA_WORDS) {
    blocks.push(rest.slice(0, length));
    rest = rest.slice(length);
  }
  const checks = blocks.map(checkWords);
  return [...interleaved(blocks), ...interleaved(checks)];
}

function interleaved(blocks) {
  const longest = Math.max(...blocks.map((block) => block.length));
  const words = [];
  for (let i = 0; i < longest; i++) {
    for (const block of blocks) if (i < block.length) words.push(block[i]);
  }
  return words;
}

// The text as data codewords: mode, length, two letters in 11 bits, a last one in 6, then the padding.
function packed(text) {
  const values = [...text].map((letter) => LETTERS.indexOf(letter));
  if (values.length > MOST || values.includes(-1)) throw new RangeError("not a text for this code");
  let bits = binary(0b0010, 4) + binary(values.length, 9);
  for (let i = 0; i + 1 < values.length; i += 2) bits += binary(values[i] * 45 + values[i + 1], 11);
  if (values.length % 2) bits += binary(values.at(-1), 6);
  const room = 8 * DATA_WORDS.reduce((sum, words) => sum + words);
  bits += "0".repeat(Math.min(4, room - bits.length));
  bits += "0".repeat((8 - (bits.length % 8)) % 8);
  const words = bits.match(/.{8}/g).map((word) => parseInt(word, 2));
  for (let pad = 0xec; words.length < room / 8; pad ^= 0xec ^ 0x11) words.push(pad);
  return words;
}

function binary(value, width) {
  return value.toString(2).padStart(width, "0");
}

// Products in GF(256) with x^8 + x^4 + x^3 + x^2 + 1.
function times(a, b) {
  let product = 0;
  for (; b; b >>= 1) {
    if (b & 1) product ^= a;
    a = (a << 1) ^ (a & 0x80 ? 0x11d : 0);
  }
  return product;
}

// The check codewords of a block: its remainder by (x - 1)(x - 2)(x - 4)… (Reed and Solomon).
function checkWords(block) {
  let generator = [1];
  for (let i = 0, root = 1; i < CHECK_WORDS; i++, root = times(root, 2)) {
    const shifted = [...generator, 0];
    generator = shifted.map((value, at) => value ^ (at ? times(generator[at - 1], root) : 0));
  }
  const rest = [...block, ...new Array(CHECK_WORDS).fill(0)];
  for (let i = 0; i < block.length; i++) {
    const factor = rest[i];
    if (factor) generator.forEach((value, at) => (rest[i + at] ^= times(value, factor)));
  }
  return rest.slice(block.length);
}

// What is in every code: three corners, the dotted lines, the small squares, the version; null is free for data.
function frame() {
  const rows = Array.from({ length: SIZE }, () => new Array(SIZE).fill(null));
  for (const [x, y] of [[3, 3], [SIZE - 4, 3], [3, SIZE - 4]]) {
    square(rows, x, y, 4, (ring) => ring !== 2 && ring !== 4);
  }
  for (let i = 8; i < SIZE - 8; i++) rows[6][i] = rows[i][6] = (i + 1) % 2;
  for (const x of CENTRES) {
    for (const y of CENTRES) {
      const cornered = (x === 6 && y !== 22) || (y === 6 && x !== 22);
      if (!cornered) square(rows, x, y, 2, (ring) => ring !== 1);
    }
  }
  for (let i = 0; i < 18; i++) {
    const [far, near] = [SIZE - 11 + (i % 3), Math.floor(i / 3)];
    rows[far][near] = rows[near][far] = (VERSION_BITS >> i) & 1;
  }
  return rows;
}

function square(rows, x, y, reach, isDark) {
  for (let dy = -reach; dy <= reach; dy++) {
    for (let dx = -reach; dx <= reach; dx++) {
      const row = rows[y + dy];
      if (row && x + dx >= 0 && x + dx < SIZE) row[x + dx] = Number(isDark(Math.max(Math.abs(dx), Math.abs(dy))));
    }
  }
}

// Level and mask with their check bits, twice, and the module that is always dark.
function formatted(rows, mask) {
  let rest = (LEVEL << 3) | mask;
  for (let i = 0; i < 10; i++) rest = (rest << 1) ^ (rest >> 9 ? 0x537 : 0);
  const bits = (((LEVEL << 3) | mask) << 10 | rest) ^ 0x5412;
  for (let i = 0; i < 15; i++) {
    const bit = (bits >> i) & 1;
    const along = i < 8 ? i + (i > 5) : 14 - i + (i < 9);
    if (i < 8) rows[along][8] = rows[8][SIZE - 1 - i] = bit;
    else rows[8][along] = rows[SIZE - 15 + i][8] = bit;
  }
  rows[SIZE - 8][8] = 1;
  return rows;
}

// Where each bit of the codewords goes: pairs of columns from the right, up and down, over what is free.
function placed(words) {
  const rows = formatted(frame(), 0);
  const bits = words.map((word) => binary(word, 8)).join("");
  const places = [];
  for (let right = SIZE - 1, up = true; right > 0; right -= 2, up = !up) {
    if (right === 6) right--;
    for (let i = 0; i < SIZE; i++) {
      const y = up ? SIZE - 1 - i : i;
      for (const x of [right, right - 1]) if (rows[y][x] === null) places.push([x, y]);
    }
  }
  return places.map(([x, y], i) => [x, y, Number(bits[i] ?? 0)]);
}

function masked(bits, mask) {
  const rows = formatted(frame(), mask);
  for (const [x, y, bit] of bits) rows[y][x] = bit ^ Number(MASKS[mask](x, y) === 0);
  return rows;
}

// How hard a pattern is to read: long runs, blocks, what looks like a corner, too much of one colour.
function penalty(rows) {
  const columns = rows.map((_, x) => rows.map((row) => row[x]));
  let cost = 0;
  for (const line of [...rows, ...columns].map((cells) => cells.join(""))) {
    for (const run of line.match(/0{5,}|1{5,}/g) ?? []) cost += run.length - 2;
    cost += 40 * (line.match(/(?=00001011101|10111010000)/g) ?? []).length;
  }
  for (let y = 1; y < SIZE; y++) {
    for (let x = 1; x < SIZE; x++) {
      const sum = rows[y][x] + rows[y][x - 1] + rows[y - 1][x] + rows[y - 1][x - 1];
      if (sum % 4 === 0) cost += 3;
    }
  }
  const dark = rows.flat().reduce((sum, cell) => sum + cell) / (SIZE * SIZE);
  return cost + 10 * Math.floor(Math.abs(dark - 0.5) * 20);
}
