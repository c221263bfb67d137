// Tables of text (RFC 4180): a header, then rows; a column in which all cells are numbers has numbers.

const DELIMITERS = [",", ";", "\t", "|"];

/** Return the rows as objects by the header's names; a cell without anything is left out. */
export function csvRows(text) {
  const [header, ...rows] = cells(text, delimiterOf(text)).filter((row) => row.some((cell) => cell.trim()));
  if (!header) return [];
  const names = columnNames(header);
  const isNumeric = names.map((_, column) => {
    const filled = rows.map((row) => row[column] ?? "").filter((cell) => cell.trim());
    return filled.length > 0 && filled.every(isNumber);
  });
  return rows.map((row) => {
    const pairs = names.map((name, column) => [name, row[column] ?? ""]).filter(([, cell]) => cell.trim());
    return Object.fromEntries(pairs.map(([name, cell]) => [name, isNumeric[names.indexOf(name)] ? Number(cell) : cell]));
  });
}

/** Return the delimiter that the first line has most often outside of quotation marks. */
function delimiterOf(text) {
  const line = text.slice(0, text.search(/\r?\n|$/)).replace(/"[^"]*"/g, "");
  const counts = DELIMITERS.map((one) => line.split(one).length);
  return DELIMITERS[counts.indexOf(Math.max(...counts))];
}

function cells(text, delimiter) {
  const rows = [];
  let row = [];
  let cell = "";
  let isQuoted = false;
  for (let at = 0; at < text.length; at += 1) {
    const one = text[at];
    if (isQuoted) {
      if (one !== '"') cell += one;
      else if (text[at + 1] === '"') cell += text[(at += 1)];
      else isQuoted = false;
    } else if (one === '"' && !cell) isQuoted = true;
    else if (one === delimiter) {
      row.push(cell);
      cell = "";
    } else if (one === "\n" || one === "\r") {
      if (one === "\r" && text[at + 1] === "\n") at += 1;
      rows.push([...row, cell]);
      row = [];
      cell = "";
    } else cell += one;
  }
  if (isQuoted) throw new Error("a quoted cell is not closed");
  if (cell || row.length) rows.push([...row, cell]);
  return rows;
}

function columnNames(header) {
  const names = [];
  header.forEach((cell, column) => {
    const own = cell.trim() || `column_${column + 1}`;
    let name = own;
    for (let number = column + 1; names.includes(name); number += 1) name = `${own}_${number}`;
    names.push(name);
  });
  return names;
}

/** Whether a number is written just like this: 007, 1.50 and 1e3 are text. */
function isNumber(cell) {
  return Number.isFinite(Number(cell)) && String(Number(cell)) === cell.trim();
}
