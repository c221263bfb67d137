// Three documents for those who have none at hand, and questions that share no word with what answers them.

import { inCollection } from "../api.js";

const SAMPLES = [
  {
    id: "sample-heating",
    text:
      "When the radiators stay cold, look at the gauge of the boiler first. Below one bar the pump does not start: open the " +
      "filling valve slowly until the needle stands in the green field, and close it again. If a radiator gurgles, there is " +
      "air in it; bleed it at the little screw on the side with the key, the highest floor last. A boiler that loses " +
      "pressure every week has a leak, and wants a plumber.",
    metadata: { title: "Radiators stay cold", topic: "home", year: 2021, tags: ["repair", "winter"] },
  },
  {
    id: "sample-bread",
    text:
      "Stir four hundred grams of flour with three hundred of water, a spoon of salt and a pinch of yeast. Cover the bowl and " +
      "leave it on the table until the next day. Fold the dough twice, let it rest for an hour, and heat an iron pot in the " +
      "oven to two hundred and forty degrees. Half an hour with the lid and ten minutes without give a loaf with a thick, " +
      "dark crust.",
    metadata: { title: "Bread without kneading", topic: "kitchen", year: 2019, tags: ["recipe", "weekend"] },
  },
  {
    id: "sample-sky",
    text:
      "Five planets can be seen without a telescope. Venus is the brightest, low in the west after sunset or in the east " +
      "before dawn, and never far from the sun. Jupiter stays up for most of the night and shines steadily, where a star " +
      "would twinkle; good binoculars show four of its moons. Mars is the red one, and bright for a few months every other " +
      "year.",
    metadata: { title: "Planets with the naked eye", topic: "sky", year: 2023, tags: ["night", "weekend"] },
  },
];

export const QUESTIONS = ["my flat is freezing", "something to bake over night", "bright light in the evening"];

/** Add the samples to the collection. */
export async function storeSamples({ api, state, announce }) {
  await api.post(inCollection(state.get("collection"), "index/batch"), { documents: SAMPLES });
  announce("Three documents added");
}

/** Whether these documents are the samples alone. */
export function areSamples(documents) {
  return documents.length > 0 && documents.every(({ id }) => SAMPLES.some((one) => one.id === id));
}
