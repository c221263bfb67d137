// With which instructions the linear layers take their products. All give the same bits.
#pragma once

namespace vecd {

// TILES are emulated where the processor has none.
enum class Products : int { VNNI, TILES, TILES_EMULATED };

constexpr int PRODUCTS = 3;
extern const char* const PRODUCTS_NAMES[PRODUCTS];

// Gives false where there is none of this name.
bool find_products(const char* name, Products* found);

// What this processor is quick at: tiles, where it has them.
Products quick_products();

}  // namespace vecd
