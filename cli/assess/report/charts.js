// The summary: tiles, bars, and what to do first.
const SVG = "http://www.w3.org/2000/svg";
const MOST_LINES = 500, MOST_BARS = 8, MOST_REMEDIES = 6;
const OWNERS = { identityAdmin: "identity admin", partnerAdmin: "partner's admin" };

function bar(share) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("aria-hidden", "true");
  svg.setAttribute("viewBox", "0 0 100 10");
  svg.setAttribute("preserveAspectRatio", "none");
  const rect = document.createElementNS(SVG, "rect");
  rect.setAttribute("width", String(Math.max(share * 100, 0.5)));
  rect.setAttribute("height", "10");
  svg.append(rect);
  return svg;
}

// A name that is too long for its column breaks between its words, not within one.
function broken(label) {
  const parts = label.split(/(?<=[a-z])(?=[A-Z])|(?<=[.@])/);
  return parts.flatMap((part, at) => (at ? [make("wbr"), part] : [part]));
}

function link(label, filters) {
  const made = make("button", undefined, { type: "button", className: "link" });
  made.append(...broken(label));
  made.addEventListener("click", () => {
    view.filters = filters.map(([name, operator, ...values]) => ({ name, operator, values }));
    view.search = "";
    changed();
    document.getElementById("people").scrollIntoView();
    document.getElementById("scroller").focus({ preventScroll: true });
  });
  return made;
}

function card(title, ...inside) {
  const made = make("section", undefined, { className: "card" });
  made.append(make("h3", title), ...inside);
  return made;
}

function tableOf(heads, lines) {
  const table = make("table");
  const head = table.createTHead().insertRow();
  for (const [label, kind] of heads) head.append(make("th", label, { scope: "col", className: kind }));
  const body = table.createTBody();
  for (const line of lines) {
    const row = body.insertRow();
    line.forEach((content, at) => {
      const cell = at ? row.insertCell() : make("th", undefined, { scope: "row" });
      if (!at) row.append(cell);
      cell.className = heads[at][1];
      cell.append(content);
    });
  }
  return table;
}

// A table of a few lines; the others are folded away.
function shortened(title, heads, lines, most, ...before) {
  const made = card(title, ...before, tableOf(heads, lines.slice(0, most)));
  const rest = lines.slice(most);
  if (rest.length) {
    const more = make("details");
    more.append(make("summary", `${number.format(rest.length)} more`), tableOf(heads, rest));
    made.append(more);
  }
  return made;
}

function bars(title, label, counts, filtersOf) {
  const entries = Object.entries(counts);
  if (!entries.length) return card(title, make("p", "Nobody.", { className: "quiet" }));
  const most = Math.max(...entries.map(([, count]) => count));
  const lines = entries.slice(0, MOST_LINES).map(([name, count]) =>
    [link(name, filtersOf(name)), bar(count / most), number.format(count)]);
  return shortened(title, [[label, ""], ["Share", "bar"], ["People", "number"]], lines, MOST_BARS);
}

function remedies() {
  const heads = [["Remedy", ""], ["Whose", "owner"], ["Stops", "number"], ["Alone", "number"]];
  const lines = told.remedies.map((one) => {
    const what = make("span");
    what.append(link(one.code, [["reasons", "=", one.code]]), ` ${one.remediation}`);
    return [what, OWNERS[one.owner] ?? one.owner, number.format(one.blocks), number.format(one.frees)];
  });
  const note = "Alone: whom nothing else stands in the way of. The first row frees most.";
  const made = shortened("What to do first", heads, lines, MOST_REMEDIES,
    make("p", note, { className: "quiet" }));
  made.classList.add("wide");
  return made;
}

function remains() {
  const names = { synced: "Synchronised from on premises", mailbox: "Have a mailbox",
    licences: "Have licences" };
  const lines = Object.entries(names).map(([name, label]) => {
    const rest = name === "licences" ? [name, "!", "0"] : [name, "=", "true"];
    const count = told.remainsOfEligible[name] ?? 0;
    return [link(label, [["status", "=", "eligible"], rest]), number.format(count)];
  });
  return card("What remains after a conversion",
    tableOf([["Of those who can be converted", ""], ["People", "number"]], lines));
}

function pending() {
  const ages = Object.entries(told.pending.byAge);
  const lines = ages.map(([age, count]) => [age, number.format(count)]);
  const stale = `Older than ${told.pending.staleAfterDays} days:`
    + ` ${number.format(told.pending.stale)}. These people may not know of the invitation.`;
  return card("Invitations not redeemed", make("p", stale),
    link("Show all", [["foundBy", "=", "pendingInvitation"]]),
    tableOf([["Age", ""], ["People", "number"]], lines));
}

function signIns() {
  const days = told.signIns.inactiveAfterDays;
  const names = { never: "Never", inactive: `Not for ${days} days`, active: `Within ${days} days`,
    unknown: "Not known" };
  const counts = Object.entries(names).filter(([name]) => told.signIns.byState[name]);
  const most = Math.max(...counts.map(([name]) => told.signIns.byState[name]));
  const lines = counts.map(([name, label]) => {
    const filter = name === "unknown" ? ["signIn", "0"] : ["signIn", "=", name];
    const count = told.signIns.byState[name];
    return [link(label, [filter]), bar(count / most), number.format(count)];
  });
  return card("Last sign-in", tableOf([["Signed in", ""], ["Share", "bar"], ["People", "number"]], lines));
}

function tiles() {
  const list = make("ul", undefined, { className: "tiles" });
  const labels = { eligible: "can be converted now", ineligible: "cannot yet",
    alreadyInvited: "invited, not redeemed", alreadyExternal: "external already" };
  const first = Object.keys(labels);
  const counts = Object.entries(told.byStatus);
  counts.sort(([one], [other]) => first.indexOf(one) - first.indexOf(other));
  for (const [status, count] of counts) {
    const item = make("li");
    item.append(make("strong", number.format(count), { className: status }),
      link(labels[status] ?? status, [["status", "=", status]]));
    list.append(item);
  }
  return list;
}

function drawSummary() {
  const cards = make("div", undefined, { className: "cards" });
  cards.append(
    bars("Why not", "Reason", told.byReason,
      (name) => [["status", "=", "ineligible"], ["reasons", "=", name]]),
    remedies(),
    bars("By partner domain", "Domain", told.byDomain, (name) => [["domain", "=", name]]),
    bars("By home tenant", "Tenant", told.byHomeTenant, (name) => [["homeTenant", "=", name]]),
    remains(), pending(), ...(told.signIns ? [signIns()] : []),
    bars("How they were found", "Rule", told.byRule, (name) => [["foundBy", "=", name]]));
  document.getElementById("summary").append(tiles(), cards);
}
