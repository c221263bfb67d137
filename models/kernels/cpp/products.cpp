#include "products.h"

#include <cstring>

#include "processor.h"

namespace vecd {

const char* const PRODUCTS_NAMES[PRODUCTS] = {"vnni", "tiles", "tiles-emulated"};

bool find_products(const char* name, Products* found) {
  for (int i = 0; i < PRODUCTS; i++) {
    if (std::strcmp(name, PRODUCTS_NAMES[i]) != 0) continue;
    *found = static_cast<Products>(i);
    return true;
  }
  return false;
}

Products quick_products() { return has_tiles() ? Products::TILES : Products::VNNI; }

}  // namespace vecd

extern "C" __attribute__((visibility("default"))) const char* vecd_kernels_products() {
  return vecd::PRODUCTS_NAMES[static_cast<int>(vecd::quick_products())];
}
