// Carries out the instructions of AMX where the processor lacks them: each is illegal there, and its signal's handler
// reads its bytes, does what it says, and goes on behind it. So the code for the processor's own tiles runs anywhere.
#pragma once

namespace vecd {

// Does nothing on a processor that has tiles and lets this process use them.
void catch_tile_instructions();

// How many were carried out, and whether tiles are configured.
long trapped_instructions();
bool are_tiles_configured();

}  // namespace vecd
