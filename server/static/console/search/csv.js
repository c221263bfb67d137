// Tables of text (RFC 4180): a header, then rows; a column in which all cells are numbers has numbers.

import { BadRow, idColumn, usualText } from "./rows.js";

const DELIMITERS = [",", ";", "\t", "|"];
const INTEGER = /^(0|-?[1-9]\d*)$/;

/**
 * Return the rows as objects by the header's names; a cell without anything is left out. Ids and texts stay as they are
 * written. A row of more cells than the header has is a BadRow.
 */
export function csvRows(text) {
  const [header, ...rows] = cells(text, delimiterOf(text)).filter((row) => row.some((cell) => cell.trim()));
  if (!header) return [];
  const names = columnNames(header);
  const asText = new Set([idColumn(names), usualText(names)]);
  const good = rows.filter((row) => row.length <= names.length);
  const isNumeric = names.map((name, column) => !asText.has(name) && holdsNumbers(good, column));
  return rows.map((row) => {
    if (row.length > names.length) return new BadRow(`has ${row.length} cells, the header ${names.length}`);
    const found = {};
    row.forEach((cell, column) => {
      if (cell.trim()) found[names[column]] = isNumeric[column] ? Number(cell) : cell;
    });
    return found;
  });
}

/** Return the delimiter that the first line has most often outside of quotation marks. */
function delimiterOf(text) {
  const line = text.slice(0, text.search(/\r?\n|$/)).replace(/"[^"]*"/g, "");
  const counts = DELIMITERS.map((one) => line.split(one).length);
  return DELIMITERS[counts.indexOf(Math.max(...counts))];
}

function cells(text, delimiter) {
  const end = new RegExp(`[\\r\\n${delimiter}]`, "g");
  const rows = [];
  let row = [];
  let at = 0;
  while (at < text.length) {
    let cell = "";
    if (text[at] === '"') [cell, at] = quoted(text, at + 1);
    end.lastIndex = at;
    const stop = end.exec(text)?.index ?? text.length;
    row.push(cell + text.slice(at, stop));
    if (text[stop] === delimiter) {
      if (stop + 1 === text.length) row.push("");
    } else {
      rows.push(row);
      row = [];
    }
    at = text.startsWith("\r\n", stop) ? stop + 2 : stop + 1;
  }
  if (row.length) rows.push(row);
  return rows;
}

/** Return what stands between quotation marks, of which two mean one, and where it ends. */
function quoted(text, begin) {
  let from = begin;
  let cell = "";
  for (;;) {
    const close = text.indexOf('"', from);
    if (close < 0) throw new Error("a quoted cell is not closed");
    cell += text.slice(from, close);
    if (text[close + 1] !== '"') return [cell, close + 1];
    cell += '"';
    from = close + 2;
  }
}

function columnNames(header) {
  const names = new Set();
  header.forEach((cell, column) => {
    const own = cell.trim() || `column_${column + 1}`;
    let name = own;
    for (let number = column + 1; names.has(name); number += 1) name = `${own}_${number}`;
    names.add(name);
  });
  return [...names];
}

function holdsNumbers(rows, column) {
  let isSeen = false;
  for (const row of rows) {
    const cell = row[column];
    if (!cell?.trim()) continue;
    if (!isNumber(cell)) return false;
    isSeen = true;
  }
  return isSeen;
}

/** Whether a number is written just like this, with the digits that a browser keeps: 007, 1.50 and 1e3 are text. */
function isNumber(cell) {
  const number = Number(cell);
  if (INTEGER.test(cell)) return Number.isSafeInteger(number);
  return Number.isFinite(number) && (String(number) === cell || (Number.isSafeInteger(number) && `${number}.0` === cell));
}
