// The same call as a program or a shell would make it. A key is named, never written.

const INDENT = 2;

/** Return `{curl, Python, JavaScript}` for a POST of this body; `withKey` adds the header of a key. */
export function callsOf(address, body, withKey) {
  return { curl: curl(address, body, withKey), Python: python(address, body, withKey), JavaScript: javascript(address, body, withKey) };
}

function curl(address, body, withKey) {
  const lines = [`curl ${quoted(address)}`, "-H 'content-type: application/json'"];
  if (withKey) lines.push('-H "authorization: Bearer $VECD_KEY"');
  lines.push(`-d ${quoted(JSON.stringify(body, null, INDENT))}`);
  return lines.join(" \\\n  ");
}

function quoted(text) {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}

function python(address, body, withKey) {
  const imports = ["import json", ...(withKey ? ["import os"] : []), "import urllib.request"];
  const key = withKey ? ', "authorization": f"Bearer {os.environ[\'VECD_KEY\']}"' : "";
  return `${imports.join("\n")}

request = urllib.request.Request(
    ${JSON.stringify(address)},
    data=json.dumps(${pythonValue(body, 4)}).encode(),
    headers={"content-type": "application/json"${key}},
)
with urllib.request.urlopen(request) as answer:
    for hit in json.load(answer):
        print(hit["score"], hit["id"])
`;
}

/** Return JSON as Python writes it. */
function pythonValue(value, indent) {
  if (value === null) return "None";
  if (value === true) return "True";
  if (value === false) return "False";
  const [inner, outer] = [" ".repeat(indent + 4), " ".repeat(indent)];
  const lines = Array.isArray(value)
    ? value.map((one) => inner + pythonValue(one, indent + 4))
    : typeof value === "object" && Object.entries(value).map(([name, one]) => `${inner}${JSON.stringify(name)}: ${pythonValue(one, indent + 4)}`);
  if (!lines) return JSON.stringify(value);
  const [open, close] = Array.isArray(value) ? "[]" : "{}";
  const isShort = Array.isArray(value) && value.every((one) => one === null || typeof one !== "object");
  if (isShort) return `${open}${value.map((one) => pythonValue(one, 0)).join(", ")}${close}`;
  return lines.length ? `${open}\n${lines.join(",\n")},\n${outer}${close}` : open + close;
}

function javascript(address, body, withKey) {
  const key = withKey ? ', authorization: `Bearer ${process.env.VECD_KEY}`' : "";
  return `const answer = await fetch(${JSON.stringify(address)}, {
  method: "POST",
  headers: { "content-type": "application/json"${key} },
  body: JSON.stringify(${JSON.stringify(body, null, INDENT).replaceAll("\n", "\n  ")}),
});
for (const hit of await answer.json()) console.log(hit.score, hit.id);
`;
}
