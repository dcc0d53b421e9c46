// Draws the page, first what is seen first.
function changed() {
  select();
  write();
  drawFilters();
  drawHead();
  scroller.scrollTop = 0;
  drawRows(true);
  tell(`${number.format(rows.length)} of ${number.format(all)} people`);
}

function minute(time) {
  return time.slice(0, 16).replace("T", " ");
}

function drawTop() {
  const ready = told.byStatus.eligible ?? 0;
  document.getElementById("headline").textContent =
    `${number.format(ready)} of ${number.format(all)} people who may be somebody else's can be`
    + " converted now.";
  const [from, until] = [told.readFrom, told.readUntil].map(minute);
  document.getElementById("when").textContent =
    `Read ${from === until ? from : `from ${from} to ${until}`} UTC: ${number.format(told.users)} users;`
    + ` external already: ${number.format(told.alreadyExternal)},`
    + ` found by no rule: ${number.format(told.notLookedAt)}.`;
  if (told.complete) return;
  const alert = document.getElementById("incomplete");
  alert.hidden = false;
  alert.append(make("strong", "This report is incomplete. "),
    "Not everything could be read, and unknown means no: see what was read, below.");
}

function drawSources() {
  const place = document.getElementById("sources");
  const unread = told.unread.map((one) => [one.what, one.permission, `HTTP ${one.status}`]);
  if (unread.length) {
    place.append(card("What could not be read",
      tableOf([["What", ""], ["It needs", ""], ["Graph's answer", ""]], unread)));
  }
  place.append(make("p", `By ${number.format(told.calls)} calls, with these permissions:`),
    make("p", told.permissions.join(", ")));
}

read();
drawTop();
drawSummary();
watchTools();
watchTable();
drawSources();
drawChooser();
drawKnown();
changed();
document.getElementById("skip").addEventListener("click", (event) => {
  event.preventDefault();
  scroller.focus();
});
addEventListener("hashchange", () => {
  read();
  drawChooser();
  changed();
});
document.documentElement.dataset.drawn = "true";
performance.mark("drawn");

// What the first search and the first sorting would otherwise wait for, while nobody waits.
const later = [searchable, ...view.columns.map((name) => () => ordered(columns.get(name)))];
function prepare() {
  later.shift()?.();
  if (later.length) setTimeout(prepare, 50);
}
setTimeout(prepare, 200);
