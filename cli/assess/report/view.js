// What is looked at: a search, filters, an order, columns. It lives in the fragment, to be shared.
const FIRST = ["userPrincipalName", "displayName", "status", "why", "owners", "emailAddress",
  "homeTenant", "foundBy", "synced", "mailbox", "licences", "pendingDays", "signIn", "signInDays",
].filter((name) => columns.has(name));
const SEARCHED = ["userPrincipalName", "displayName", "emailAddress", "mail", "id", "why"];
const view = { search: "", filters: [], sort: "", down: false, columns: FIRST.slice() };
let rows = new Uint32Array(0);
let haystack = null;

function read() {
  const given = new URLSearchParams(location.hash.slice(1));
  view.search = given.get("q") ?? "";
  view.filters = given.getAll("f").map(filterOf).filter((one) => columns.has(one.name));
  view.down = (given.get("s") ?? "").startsWith("-");
  const sort = (given.get("s") ?? "").replace(/^-/, "");
  view.sort = columns.has(sort) ? sort : "";
  const asked = (given.get("c") ?? "").split(",").filter((name) => columns.has(name));
  view.columns = asked.length ? asked : FIRST.slice();
}

function write() {
  const said = new URLSearchParams();
  if (view.search) said.set("q", view.search);
  for (const one of view.filters) said.append("f", written(one));
  if (view.sort) said.set("s", (view.down ? "-" : "") + view.sort);
  if (view.columns.join() !== FIRST.join()) said.set("c", view.columns.join());
  history.replaceState(null, "", `#${said}`);
}

function written(filter) {
  return [filter.name, filter.operator, ...filter.values].map(encodeURIComponent).join("|");
}

function filterOf(said) {
  const [name, operator = "=", ...values] = said.split("|").map(decoded);
  return { name, operator: "=!~01".includes(operator) ? operator : "=", values };
}

function decoded(part) {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

// For each value of a filter's column: whether it may be there.
function admitted(filter) {
  const wanted = filter.values.map((one) => one.trim().toLowerCase()).filter(Boolean);
  const any = new Set(wanted);
  const tests = {
    "=": (texts) => texts.some((one) => any.has(one)),
    "!": (texts) => !texts.some((one) => any.has(one)),
    "~": (texts) => texts.some((one) => wanted.some((part) => one.includes(part))),
    "0": (texts) => texts.length === 0,
    "1": (texts) => texts.length > 0,
  };
  return Uint8Array.from(compared(columns.get(filter.name)), tests[filter.operator]);
}

function searchable() {
  if (haystack) return haystack;
  const searched = SEARCHED.filter((name) => columns.has(name)).map((name) => columns.get(name));
  haystack = new Array(all);
  for (let row = 0; row < all; row++) {
    let joined = "";
    for (const column of searched) joined += `${shownText(value(column, row))}\n`;
    haystack[row] = joined.toLowerCase();
  }
  return haystack;
}

function select() {
  const admits = view.filters.map((one) => [columns.get(one.name), admitted(one)]);
  const wanted = view.search.trim().toLowerCase();
  const texts = wanted ? searchable() : null;
  const order = view.sort ? ordered(columns.get(view.sort)) : null;
  const found = new Uint32Array(all);
  let count = 0;
  for (let place = 0; place < all; place++) {
    const at = view.down ? all - 1 - place : place;
    const row = order ? order[at] : at;
    if (texts && !texts[row].includes(wanted)) continue;
    if (admits.every(([column, admit]) => admit[column.of(row)])) found[count++] = row;
  }
  rows = found.subarray(0, count);
}
