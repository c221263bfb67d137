// Texts to begin with: two that mean the same in other words, one that shares words and means something else, and a
// long one of which the model does not read the end.

const GARDEN =
  "The beds along the wall get sun until four, which is why the tomatoes stand there and the lettuce does not. " +
  "Water early, never over the leaves, and pick off what is yellow before it falls. ";

export const EXAMPLES = [
  "The bank raised its interest rates again.",
  "Borrowing money has become more expensive.",
  "We had lunch on the bank of the river.",
  GARDEN.repeat(7) + "Nobody reads this sentence.",
];
