// Which instructions this processor has; asked before any code that uses them runs.
#pragma once

namespace vecd {

// The names of the required features that are missing, separated by spaces; "" where the operators can run.
const char* missing_features();
bool has_bf16();

}  // namespace vecd
