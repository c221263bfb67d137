// The source of a page without what this page's policy would complain of, or what is no text: in one pass over it.

// Elements whose content is no markup; that of the first ones is no text either.
const DROPPED = new Set(["script", "style", "iframe", "noembed", "noframes"]);
const KEPT = new Set(["title", "textarea", "xmp"]);
const OPENING = /[a-z]/i;
const NAME = /[^\s/>]+/y;
const ATTRIBUTE = /[\s/]*([^\s/>][^\s/>=]*)(?:\s*=\s*("[^"]*"|'[^']*'|[^\s>]*))?/y;
const END = /[\s/]*>/y;
const COMMENT_END = /--!?>/g;

/**
 * Return the source without comments, scripts, styles, and all attributes but `hidden`. The policy of this page would
 * complain of each style and listener that the other has, though none is ever applied.
 */
export function bare(source) {
  const parts = [];
  let pictures = 0; // SVG: elements may close themselves there
  let at = 0;
  while (at < source.length) {
    const begin = source.indexOf("<", at);
    if (begin < 0) break;
    parts.push(source.slice(at, begin));
    const isEnd = source[begin + 1] === "/";
    const first = source[begin + (isEnd ? 2 : 1)] ?? "";
    if (OPENING.test(first)) {
      const tag = readTag(source, begin + (isEnd ? 2 : 1));
      if (!tag) return parts.join("");
      if (tag.name === "svg" && !tag.isClosed) pictures = Math.max(0, pictures + (isEnd ? -1 : 1));
      const isDropped = DROPPED.has(tag.name);
      if (!isDropped) parts.push(isEnd ? `</${tag.name}>` : `<${tag.name}${tag.isHidden ? " hidden" : ""}>`);
      at = tag.end;
      if (isEnd) continue;
      const isRaw = isDropped || KEPT.has(tag.name);
      const close = isRaw && !(tag.isClosed && pictures) ? closingOf(source, tag.name, at) : at;
      if (KEPT.has(tag.name)) parts.push(source.slice(at, close));
      at = close;
    } else if (isEnd || first === "!" || first === "?") at = endOfOther(source, begin);
    else {
      parts.push("<");
      at = begin + 1;
    }
  }
  return parts.join("") + source.slice(at);
}

/** Return what a tag is whose name begins here, or null where it does not end: there is no text after it. */
function readTag(source, at) {
  const name = matched(NAME, source, at)[0];
  let end = at + name.length;
  let isHidden = false;
  for (;;) {
    const closing = matched(END, source, end);
    if (closing) return { name: name.toLowerCase(), isHidden, isClosed: closing[0].includes("/"), end: end + closing[0].length };
    const attribute = matched(ATTRIBUTE, source, end);
    if (!attribute) return null;
    if (attribute[1].toLowerCase() === "hidden") isHidden = true;
    end += attribute[0].length;
  }
}

/** Return where the end tag of an element begins whose content is no markup; without one it goes on to the end. */
function closingOf(source, name, at) {
  const closing = new RegExp(`</${name}(?=[\\s/>])`, "gi");
  closing.lastIndex = at;
  return closing.exec(source)?.index ?? source.length;
}

/** Return the end of a comment, a document type, or what a browser takes for a comment. */
function endOfOther(source, begin) {
  if (!source.startsWith("<!--", begin)) {
    const end = source.indexOf(">", begin);
    return end < 0 ? source.length : end + 1;
  }
  COMMENT_END.lastIndex = begin + 2; // <!--> is a whole comment
  const end = COMMENT_END.exec(source);
  return end ? end.index + end[0].length : source.length;
}

function matched(pattern, source, at) {
  pattern.lastIndex = at;
  return pattern.exec(source);
}
