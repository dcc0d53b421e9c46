// What leaves the page: exactly the rows that are filtered, in their order.
function csvCell(content) {
  // A spreadsheet would take it for a formula.
  const safe = /^'*[=+\-@\t\r\n]/.test(content) ? `'${content}` : content;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

function csvOf(names, some) {
  const lines = [names.map(csvCell).join(",")];
  for (const row of some) lines.push(names.map((name) => csvCell(text(name, row))).join(","));
  return `${lines.join("\r\n")}\r\n`;
}

function bulkRows() {
  return Array.from(rows).filter((row) => text("status", row) === "eligible");
}

// What `b2b bulk` takes: whom the rules let pass, with the address that they looked at.
function bulkOf() {
  const lines = ["invitedUser.id,invitedUserEmailAddress"];
  for (const row of bulkRows()) {
    lines.push([text("id", row), text("emailAddress", row)].map(csvCell).join(","));
  }
  return `${lines.join("\n")}\n`;
}

function download(name, content) {
  const url = URL.createObjectURL(new Blob(["\ufeff", content], { type: "text/csv" }));
  const link = make("a", "", { href: url, download: name });
  link.click();
  URL.revokeObjectURL(url);
}

async function copy(content) {
  try {
    await navigator.clipboard.writeText(content);
  } catch {
    const area = make("textarea", content, { readOnly: true });
    document.body.append(area);
    area.select();
    document.execCommand("copy");
    area.remove();
  }
}
