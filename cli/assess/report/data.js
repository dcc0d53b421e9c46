// The data: columns, each value once. Nothing here is ever markup: text becomes text nodes alone.
const data = JSON.parse(document.getElementById("data").textContent);
const told = data.told;
const columns = new Map(data.columns.map((column) => [column.name, column]));
const all = data.count;
const number = new Intl.NumberFormat();

for (const column of data.columns) {
  column.of = column.index ? (row) => column.index[row] : (row) => row;
}

function value(column, row) {
  return column.values[column.of(row)];
}

function shownText(one) {
  if (one === null || one === undefined) return "";
  return Array.isArray(one) ? one.join("; ") : String(one);
}

function text(name, row) {
  return columns.has(name) ? shownText(value(columns.get(name), row)) : "";
}

// The values of a column, as they are compared: one list of texts for each.
function compared(column) {
  column.compared ??= column.values.map((one) => {
    const texts = Array.isArray(one) ? one : one === null || one === "" ? [] : [String(one)];
    return texts.map((each) => each.toLowerCase());
  });
  return column.compared;
}

// Every row, in the order of a column: worked out once, then only walked through.
function ordered(column) {
  if (column.ordered) return column.ordered;
  const numbers = column.kind === "number";
  const keys = column.values.map((one) =>
    numbers ? (one ?? -1) : shownText(one).toLowerCase());
  // Without a comparison of one's own, texts are sorted several times as fast.
  const sorted = [...new Set(keys)].sort(numbers ? (a, b) => a - b : undefined);
  const ranks = new Map(sorted.map((key, rank) => [key, rank]));
  const placed = Uint32Array.from(keys, (key) => ranks.get(key));
  // By counting: as many places for each rank as there are rows that have it.
  const starts = new Uint32Array(keys.length + 1);
  for (let row = 0; row < all; row++) starts[placed[column.of(row)] + 1]++;
  for (let rank = 0; rank < keys.length; rank++) starts[rank + 1] += starts[rank];
  column.ordered = new Uint32Array(all);
  for (let row = 0; row < all; row++) column.ordered[starts[placed[column.of(row)]]++] = row;
  return column.ordered;
}

function make(tag, content, properties) {
  const made = document.createElement(tag);
  if (content !== undefined) made.textContent = content;
  return Object.assign(made, properties);
}
