// The tools above the table.
const WORDS = { "=": "is", "!": "is not", "~": "contains", "0": "is empty", "1": "is not empty" };
const MOST_KNOWN = 200;
const search = document.getElementById("search");
const chosen = document.getElementById("column");

function drawFilters() {
  const list = document.getElementById("filters");
  list.replaceChildren();
  view.filters.forEach((filter, at) => {
    const said = `${filter.name} ${WORDS[filter.operator]} ${filter.values.join(" or ")}`;
    const button = make("button", `${said.trim()} ×`, { type: "button" });
    button.setAttribute("aria-label", `Remove the filter: ${said}`);
    button.addEventListener("click", () => {
      view.filters.splice(at, 1);
      changed();
      search.focus();
    });
    const item = make("li");
    item.append(button);
    list.append(item);
  });
  if (document.activeElement !== search) search.value = view.search;
}

function drawKnown() {
  const column = columns.get(chosen.value);
  const known = new Set();
  for (const one of column.values) {
    if (known.size >= MOST_KNOWN) break;
    for (const each of Array.isArray(one) ? one : [shownText(one)]) if (each) known.add(each);
  }
  const options = [...known].map((one) => make("option", undefined, { value: one }));
  document.getElementById("known").replaceChildren(...options);
}

function drawChooser() {
  const boxes = data.columns.map((column) => {
    const box = make("input", undefined,
      { type: "checkbox", checked: view.columns.includes(column.name) });
    box.addEventListener("change", () => {
      const others = view.columns.filter((name) => name !== column.name);
      if (!box.checked && !others.length) box.checked = true;
      else view.columns = box.checked ? [...others, column.name] : others;
      changed();
    });
    const label = make("label");
    label.append(box, ` ${column.name}`);
    return label;
  });
  document.getElementById("columns").replaceChildren(...boxes);
}

function watchTools() {
  chosen.replaceChildren(...data.columns.map((one) => make("option", one.name, { value: one.name })));
  chosen.value = "status";
  chosen.addEventListener("change", drawKnown);
  search.addEventListener("input", () => {
    view.search = search.value;
    changed();
  });
  document.getElementById("tools").addEventListener("submit", (event) => {
    event.preventDefault();
    const values = document.getElementById("values");
    const operator = document.getElementById("operator").value;
    const given = "01".includes(operator) ? [] : values.value.split("|").filter((one) => one.trim());
    if (!given.length && !"01".includes(operator)) return values.focus();
    view.filters.push({ name: chosen.value, operator, values: given });
    values.value = "";
    changed();
  });
  document.getElementById("clear").addEventListener("click", () => {
    Object.assign(view, { search: "", filters: [] });
    search.value = "";
    changed();
  });
  document.getElementById("csv").addEventListener("click", () =>
    download("b2b-readiness.csv", csvOf(view.columns, rows)));
  document.getElementById("bulk").addEventListener("click", async () => {
    await copy(bulkOf());
    tell(`${number.format(bulkRows().length)} who can be converted were copied.`);
  });
}

function tell(sentence) {
  document.getElementById("count").textContent = sentence;
}
