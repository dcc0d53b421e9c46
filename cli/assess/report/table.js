// The table: only the rows in sight are there, between two spaces as high as the others.
const HEIGHT = 32, BEYOND = 8, MOST_PRINTED = 1000;
const WIDTHS = { why: 360, userPrincipalName: 240, displayName: 180, emailAddress: 240, foundBy: 190,
  signInDays: 110, signIn: 100, id: 300, homeTenantId: 300, pendingDays: 110, licences: 100, synced: 100, mailbox: 100, status: 120 };
// On paper these are as wide as their words.
const SHORT = new Set(["status", "owners", "foundBy", "synced", "mailbox", "licences", "pendingDays",
  "signIn", "signInDays", "userType", "accountEnabled"]);
const table = document.getElementById("table");
const scroller = document.getElementById("scroller");
let drawn = "";

function widthOf(name) {
  return WIDTHS[name] ?? 150;
}

function drawHead() {
  const head = make("tr");
  head.setAttribute("aria-rowindex", "1");
  for (const name of view.columns) {
    const cell = make("th", undefined, { scope: "col" });
    cell.dataset.name = name;
    cell.style.width = `${widthOf(name)}px`;
    const sorted = view.sort === name;
    cell.setAttribute("aria-sort", !sorted ? "none" : view.down ? "descending" : "ascending");
    const button = make("button", name + (sorted ? (view.down ? " ↓" : " ↑") : ""),
      { type: "button", title: name });
    button.addEventListener("click", () => {
      view.down = sorted && !view.down;
      view.sort = name;
      changed();
      focusHead(name);
    });
    cell.append(button);
    head.append(cell);
  }
  table.tHead.replaceChildren(head);
  table.style.width = `${view.columns.reduce((sum, name) => sum + widthOf(name), 0)}px`;
  table.setAttribute("aria-rowcount", String(rows.length + 1));
}

function focusHead(name) {
  const at = view.columns.indexOf(name);
  table.tHead.rows[0].cells[at]?.querySelector("button").focus();
}

function space(height) {
  const row = make("tr", undefined, { className: "space" });
  row.setAttribute("aria-hidden", "true");
  const cell = row.insertCell();
  cell.colSpan = view.columns.length;
  cell.style.height = `${height}px`;
  return row;
}

function drawRow(place) {
  const row = rows[place];
  const made = make("tr");
  made.setAttribute("aria-rowindex", String(place + 2));
  view.columns.forEach((name, at) => {
    const cell = made.insertCell();
    const content = text(name, row);
    cell.className = SHORT.has(name) ? "short" : name === "why" ? "why" : "";
    if (at) {
      cell.textContent = content;
      return;
    }
    const button = make("button", content || "(nothing)", { type: "button", className: "link" });
    button.addEventListener("click", () => showDetails(row));
    cell.append(button);
  });
  return made;
}

function drawBody(from, to) {
  const some = document.createDocumentFragment();
  if (from > 0) some.append(space(from * HEIGHT));
  for (let place = from; place < to; place++) some.append(drawRow(place));
  if (to < rows.length && to - from < MOST_PRINTED) some.append(space((rows.length - to) * HEIGHT));
  table.tBodies[0].replaceChildren(some);
}

function drawRows(force) {
  const from = Math.max(0, Math.floor(scroller.scrollTop / HEIGHT) - BEYOND);
  const sight = Math.ceil((scroller.clientHeight || 600) / HEIGHT) + 2 * BEYOND;
  const to = Math.min(rows.length, from + sight);
  const now = `${from} ${to}`;
  if (!force && now === drawn) return;
  drawn = now;
  // Whoever is in a row by the keyboard stays in it.
  const inside = table.tBodies[0].contains(document.activeElement);
  const at = inside ? document.activeElement.closest("tr").getAttribute("aria-rowindex") : null;
  drawBody(from, to);
  if (at) {
    const again = table.tBodies[0].querySelector(`tr[aria-rowindex="${at}"] button`);
    (again ?? scroller).focus({ preventScroll: true });
  }
}

function showDetails(row) {
  const dialog = document.getElementById("details");
  document.getElementById("details-title").textContent =
    text("displayName", row) || text("userPrincipalName", row) || text("id", row);
  const list = dialog.querySelector("dl");
  list.replaceChildren();
  for (const column of data.columns) {
    const one = value(column, row);
    const content = Array.isArray(one) ? one.join("\n") : shownText(one);
    if (content) list.append(make("dt", column.name), make("dd", content));
  }
  dialog.showModal();
}

function watchTable() {
  scroller.addEventListener("scroll", () => drawRows(false), { passive: true });
  addEventListener("resize", () => drawRows(false));
  addEventListener("beforeprint", () => {
    // What is folded cannot be unfolded on paper.
    for (const one of document.querySelectorAll(".card details:not([open])")) {
      one.open = one.dataset.folded = true;
    }
    const most = Math.min(rows.length, MOST_PRINTED);
    drawBody(0, most);
    document.getElementById("printed").textContent =
      most < rows.length ? `The first ${most} of ${rows.length} rows; the CSV has all.` : "";
  });
  addEventListener("afterprint", () => {
    for (const one of document.querySelectorAll("[data-folded]")) {
      one.open = false;
      delete one.dataset.folded;
    }
    drawRows(true);
  });
}
