// Conditions that were clicked together, as a filter of the API.
//
// Conditions are an object by field: `{values, from, to, prefix}`, of which each may be absent. A field whose values are
// lists is asked by $contains, and by $in as well, since some of its documents may have a single value.

export function isEmpty(condition) {
  return !condition || (!condition.values?.length && condition.from === undefined && condition.to === undefined && !condition.prefix);
}

/** Return the filter, or null where there is no condition; `lists` has the names of fields that have lists. */
export function filterOf(conditions, lists = new Set()) {
  const plain = {};
  const either = [];
  for (const [field, condition] of Object.entries(conditions)) {
    if (isEmpty(condition)) continue;
    const { values = [] } = condition;
    const bounds = boundsOf(condition);
    if (values.length && lists.has(field)) either.push(anyOf(field, values));
    else if (values.length) Object.assign(bounds, values.length > 1 ? { $in: values } : { $eq: values[0] });
    if (Object.keys(bounds).length) plain[field] = simplest(bounds);
  }
  return joined(plain, either);
}

/** Return conditions in which a value of a field is there, or is not there any more. */
export function toggled(conditions, field, value) {
  const { values = [], ...rest } = conditions[field] ?? {};
  const others = values.filter((one) => one !== value);
  const condition = { ...rest, values: others.length < values.length ? others : [...values, value] };
  return replaced(conditions, field, condition);
}

/** Return conditions with another one for a field; an empty one takes the field out. */
export function replaced(conditions, field, condition) {
  const { [field]: _, ...others } = conditions;
  return isEmpty(condition) ? others : { ...others, [field]: condition };
}

/** Return `[{field, text, without}]`, what a person reads of each condition, and the conditions less this one. */
export function described(conditions) {
  return Object.entries(conditions).flatMap(([field, condition]) => [
    ...(condition.values ?? []).map((value) => ({ field, text: String(value), without: toggled(conditions, field, value) })),
    ...["from", "to", "prefix"]
      .filter((name) => condition[name] !== undefined && condition[name] !== "")
      .map((name) => ({
        field,
        text: `${{ from: "≥", to: "≤", prefix: "begins with" }[name]} ${condition[name]}`,
        without: replaced(conditions, field, { ...condition, [name]: undefined }),
      })),
  ]);
}

function boundsOf({ from, to, prefix }) {
  const found = {};
  if (from !== undefined) found.$gte = from;
  if (to !== undefined) found.$lte = to;
  if (prefix) found.$prefix = prefix;
  return found;
}

function anyOf(field, values) {
  return [{ [field]: { $in: values } }, ...values.map((value) => ({ [field]: { $contains: value } }))];
}

function simplest(bounds) {
  const names = Object.keys(bounds);
  return names.length === 1 && names[0] === "$eq" ? bounds.$eq : bounds;
}

function joined(plain, either) {
  const has = Object.keys(plain).length > 0;
  if (!either.length) return has ? plain : null;
  if (either.length === 1) return { ...plain, $or: either[0] };
  return { $and: [...(has ? [plain] : []), ...either.map((some) => ({ $or: some }))] };
}
