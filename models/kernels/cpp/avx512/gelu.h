// Gelu with the error function, within 3e-7 from -10 to 6; beyond, a float rounds more than that.
//
// Gelu(x) is max(x, 0) minus h(|x|), where h(a) = a / 2 * erfc(a / sqrt 2) falls from 0.17 to 6e-8 at 5.6. There h is
// cut into 16 pieces, each a quartic in the place within the piece; a permutation looks a coefficient up.
#pragma once

#include "vector.h"

namespace vecd {

constexpr float GELU_PIECES_PER_UNIT = 16 / 5.6f, GELU_END = 5.59999f;
constexpr int LEAST_MAGNITUDE = 0b1010;  // of VRANGEPS: the lesser magnitude, without its sign

// By power, then by piece: the least greatest error (Remez), 2.4e-7 before rounding.
static const float GELU_TABLE[5][LANES] = {
    {0.0f, 0.127109036f, 0.169374347f, 0.15420194f, 0.113059372f, 0.0701036155f,
     0.0375153534f, 0.0174999163f, 0.00715436693f, 0.00257150154f, 0.000814194209f, 0.00022737254f,
     5.60503213e-05f, 1.22038173e-05f, 2.34781851e-06f, 3.99217157e-07f},
    {0.175004825f, 0.0811538622f, 0.00819549989f, -0.0330770612f, -0.0451038666f, -0.0388287492f,
     -0.0260789916f, -0.0145120947f, -0.00686295982f, -0.00279453839f, -0.000987233245f, -0.000304028537f,
     -8.18810004e-05f, -1.93286396e-05f, -4.0057098e-06f, -7.29711985e-07f},
    {-0.0489060171f, -0.0432427302f, -0.0289643686f, -0.0126708206f, -0.000350367016f, 0.00565137155f,
     0.00652185502f, 0.00487613818f, 0.00283252634f, 0.00135271542f, 0.00054477714f, 0.000187576705f,
     5.56822415e-05f, 1.43291581e-05f, 3.20889581e-06f, 6.27096085e-07f},
    {8.76710328e-05f, 0.00389008806f, 0.00572460098f, 0.00510083791f, 0.00301543716f, 0.000909806869f,
     -0.000354871881f, -0.000734047557f, -0.000612614385f, -0.000363782659f, -0.000171219479f, -6.65655243e-05f,
     -2.1824786e-05f, -6.10830512e-06f, -1.47078072e-06f, -3.06310056e-07f},
    {0.000922998704f, 0.000464527635f, -0.000127867999f, -0.000495491549f, -0.000517098815f, -0.000320855441f,
     -0.00010352907f, 2.4423065e-05f, 6.01892498e-05f, 4.83143522e-05f, 2.68657714e-05f, 1.1701246e-05f,
     4.17949514e-06f, 1.25259589e-06f, 3.19215957e-07f, 6.97705858e-08f},
};

struct Gelu {
  Floats power0 = load(GELU_TABLE[0]), power1 = load(GELU_TABLE[1]), power2 = load(GELU_TABLE[2]),
         power3 = load(GELU_TABLE[3]), power4 = load(GELU_TABLE[4]);

  VECD_INLINE Floats operator()(Floats x) const {
    const Floats magnitude = _mm512_range_ps(x, repeat(GELU_END), LEAST_MAGNITUDE);  // NaN is taken for the end
    const Floats place = _mm512_mul_ps(magnitude, repeat(GELU_PIECES_PER_UNIT));
    const Ints piece = _mm512_cvttps_epi32(place);
    const Floats within = _mm512_reduce_ps(place, _MM_FROUND_TO_ZERO | _MM_FROUND_NO_EXC);
    Floats h = _mm512_permutexvar_ps(piece, power4);
    h = _mm512_fmadd_ps(h, within, _mm512_permutexvar_ps(piece, power3));
    h = _mm512_fmadd_ps(h, within, _mm512_permutexvar_ps(piece, power2));
    h = _mm512_fmadd_ps(h, within, _mm512_permutexvar_ps(piece, power1));
    h = _mm512_fmadd_ps(h, within, _mm512_permutexvar_ps(piece, power0));
    // Of NaN and another number, max takes its second operand: NaN stays.
    return _mm512_sub_ps(_mm512_max_ps(_mm512_setzero_ps(), x), h);
  }
};

}  // namespace vecd
