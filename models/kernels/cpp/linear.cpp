// LinearFloat, LinearGeluQuantize, LinearNormQuantize: an int8 linear layer and what follows it, in one operator.

#include <cinttypes>
#include <new>

#include "compute.h"
#include "processor.h"
#include "run.h"
#include "setup.h"

namespace vecd {

namespace {

enum Input : size_t { QUANTIZED, WEIGHT, SCALES, BIAS, MULTIPLIER, RESIDUAL = 4, GAMMA, BETA, NORM_MULTIPLIER };

constexpr int64_t WIDTH_STEP = PANEL_COLUMNS;
// 65,536 products of 255 and 128 fit into a 32-bit sum.
constexpr int64_t MOST_INNER = 65536, MOST_COLUMNS = 65536;
constexpr int64_t MOST_TASKS = 64;

// How a layer is computed, and its work shared out.
struct Way {
  Linears linears;
  int64_t least_rows;      // of a range; fewer are computed by VNNI
  int64_t row_step;        // ranges of whole steps have no smaller, slower tiles at their ends
  int64_t least_task_rows;
  int64_t least_products;  // of a task: one core does them in about 40 µs
};

constexpr Linears VNNI_LINEARS{linear_float, linear_gelu_quantize, linear_norm_quantize};
// Up to six rows are one pass over the weights there, bound by the memory that they come from.
constexpr int64_t LEAST_TILED_ROWS = TILE_ROWS + 1, TILED_STEP = 32;
// With their epilogues the products of tiles take about a third of VNNI's time (Emerald Rapids).
constexpr int64_t VNNI_PRODUCTS = 8 << 20, TILED_PRODUCTS = 3 * VNNI_PRODUCTS;

Way choose_way(Products products) {
  if (products == Products::VNNI) return {VNNI_LINEARS, 0, TILE_ROWS, 4 * TILE_ROWS, VNNI_PRODUCTS};
  const bool native = products == Products::TILES && has_tiles();
  const Linears& linears = native ? TILED_LINEARS : EMULATED_LINEARS;
  return {linears, LEAST_TILED_ROWS, TILED_STEP, 2 * TILED_STEP, TILED_PRODUCTS};
}

struct Linear {
  PackedLinear packed;
  Buffer<float> multiplier, gamma, beta;
  int64_t output_zero_point = 0;
  float epsilon = 0;
  Way way{};

  const Linears& compute(Range rows) const {
    return rows.end - rows.begin < way.least_rows ? VNNI_LINEARS : way.linears;
  }
  Quantization quantization() const { return {multiplier.data(), static_cast<float>(output_zero_point)}; }
};

Status* check_width(const Setup& setup, const char* what, int64_t width, int64_t most) {
  if (width > 0 && width % WIDTH_STEP == 0 && width <= most) return nullptr;
  return setup.invalid("input weight has %" PRId64 " %s, expected a multiple of %" PRId64 " up to %" PRId64, width,
                       what, WIDTH_STEP, most);
}

Status* load_up_to(int64_t most_columns, const Setup& setup, Linear* linear) {
  int64_t zero_point;
  VECD_TRY(setup.integer("zero_point", 0, 255, &zero_point));
  linear->way = choose_way(setup.ways().products);
  Tensor weight;
  VECD_TRY(setup.constant(WEIGHT, matrix_of(ANY, ANY), &weight));
  VECD_TRY(check_width(setup, "rows", weight.rows(), MOST_INNER));
  VECD_TRY(check_width(setup, "columns", weight.columns(), most_columns));
  VECD_TRY(setup.constant(SCALES, weight.columns(), &linear->packed.scales));
  VECD_TRY(setup.constant(BIAS, weight.columns(), &linear->packed.bias));
  if (linear->packed.pack(weight.as<int8_t>(), weight.rows(), weight.columns(), zero_point)) return nullptr;
  return setup.out_of_memory();
}

Status* load_weights(const Setup& setup, Linear* linear) { return load_up_to(MOST_COLUMNS, setup, linear); }

Status* load_gelu(const Setup& setup, Linear* linear) {
  VECD_TRY(load_weights(setup, linear));
  VECD_TRY(setup.integer("output_zero_point", 0, 255, &linear->output_zero_point));
  return setup.constant(MULTIPLIER, linear->packed.columns, &linear->multiplier);
}

Status* load_norm(const Setup& setup, Linear* linear) {
  VECD_TRY(load_up_to(MOST_HIDDEN, setup, linear));
  VECD_TRY(setup.integer("output_zero_point", 0, 255, &linear->output_zero_point));
  VECD_TRY(setup.epsilon(&linear->epsilon));
  VECD_TRY(setup.constant(GAMMA, linear->packed.columns, &linear->gamma));
  VECD_TRY(setup.constant(BETA, linear->packed.columns, &linear->beta));
  return setup.constant(NORM_MULTIPLIER, linear->packed.columns, &linear->multiplier);
}

template <Status* (*Load)(const Setup&, Linear*)>
Status* create(const Setup& setup, void** kernel) {
  auto* linear = new (std::nothrow) Linear;
  if (linear == nullptr) return setup.out_of_memory();
  if (Status* failure = Load(setup, linear)) {
    delete linear;
    return failure;
  }
  *kernel = linear;
  return nullptr;
}

void destroy(void* kernel) { delete static_cast<Linear*>(kernel); }

// Tasks that the multiplications of some rows are worth.
int64_t count_tasks(const Linear& linear, int64_t rows) {
  const int64_t least = rows < linear.way.least_rows ? VNNI_PRODUCTS : linear.way.least_products;
  return tasks_for(rows * linear.packed.inner * linear.packed.columns, least, MOST_TASKS);
}

template <class Work>
Status* split_rows(const Run& run, const Linear& linear, int64_t rows, const Work& work) {
  const int64_t step = linear.way.row_step, least = linear.way.least_task_rows;
  const int64_t tasks = count_tasks(linear, rows), most = (rows + least - 1) / least;
  return run.split((rows + step - 1) / step, tasks < most ? tasks : most, [&](int64_t begin, int64_t end) {
    const int64_t last = end * step;
    work(Range{begin * step, last < rows ? last : rows});
  });
}

// Few rows with many columns: shares out panels, so that each thread still reads its weights once.
template <class Work>
Status* split_rows_or_panels(const Run& run, const Linear& linear, int64_t rows, const Work& work) {
  const int64_t panels = linear.packed.panels();
  if (rows >= 2 * linear.way.least_task_rows) {
    return split_rows(run, linear, rows, [&](Range range) { work(range, Range{0, panels}); });
  }
  return run.split(panels, count_tasks(linear, rows), [&](int64_t begin, int64_t end) {
    work(Range{0, rows}, Range{begin, end});
  });
}

Status* compute_float(const void* kernel, const Run& run) {
  const auto& linear = *static_cast<const Linear*>(kernel);
  Tensor x;
  VECD_TRY(run.input(QUANTIZED, matrix_of(ANY, linear.packed.inner), &x));
  float* output = nullptr;
  VECD_TRY(run.output(0, matrix_of(x.rows(), linear.packed.columns), &output));
  return split_rows_or_panels(run, linear, x.rows(), [&](Range rows, Range panels) {
    linear.compute(rows).to_float(linear.packed, x.as<uint8_t>(), rows, panels, output);
  });
}

Status* compute_gelu(const void* kernel, const Run& run) {
  const auto& linear = *static_cast<const Linear*>(kernel);
  Tensor x;
  VECD_TRY(run.input(QUANTIZED, matrix_of(ANY, linear.packed.inner), &x));
  uint8_t* output = nullptr;
  VECD_TRY(run.output(0, matrix_of(x.rows(), linear.packed.columns), &output));
  return split_rows_or_panels(run, linear, x.rows(), [&](Range rows, Range panels) {
    linear.compute(rows).gelu_quantize(linear.packed, linear.quantization(), x.as<uint8_t>(), rows, panels, output);
  });
}

Status* compute_norm(const void* kernel, const Run& run) {
  const auto& linear = *static_cast<const Linear*>(kernel);
  const int64_t width = linear.packed.columns;
  Tensor x, residual;
  VECD_TRY(run.input(QUANTIZED, matrix_of(ANY, linear.packed.inner), &x));
  VECD_TRY(run.input(RESIDUAL, matrix_of(x.rows(), width), &residual));
  float* hidden = nullptr;
  uint8_t* quantized = nullptr;
  VECD_TRY(run.output(0, matrix_of(x.rows(), width), &hidden));
  VECD_TRY(run.output(1, matrix_of(x.rows(), width), &quantized));
  const LayerNorm norm{linear.gamma.data(), linear.beta.data(), linear.epsilon, width};
  return split_rows(run, linear, x.rows(), [&](Range rows) {
    linear.compute(rows).norm_quantize(linear.packed, norm, linear.quantization(), x.as<uint8_t>(), rows,
                                       residual.as<float>(), hidden, quantized);
  });
}

constexpr Port QUANTIZED_PORT{"quantized", ElementType::UINT8}, WEIGHT_PORT{"weight", ElementType::INT8},
    SCALES_PORT{"scales", ElementType::FLOAT}, BIAS_PORT{"bias", ElementType::FLOAT},
    MULTIPLIER_PORT{"multiplier", ElementType::FLOAT};

}  // namespace

constexpr Signature LINEAR_FLOAT{
    "LinearFloat", 4, {QUANTIZED_PORT, WEIGHT_PORT, SCALES_PORT, BIAS_PORT},
    1,             {{"output", ElementType::FLOAT}},
    create<load_weights>, compute_float, destroy,
};

constexpr Signature LINEAR_GELU_QUANTIZE{
    "LinearGeluQuantize", 5, {QUANTIZED_PORT, WEIGHT_PORT, SCALES_PORT, BIAS_PORT, MULTIPLIER_PORT},
    1,                    {{"quantized_output", ElementType::UINT8}},
    create<load_gelu>, compute_gelu, destroy,
};

constexpr Signature LINEAR_NORM_QUANTIZE{
    "LinearNormQuantize",
    8,
    {QUANTIZED_PORT, WEIGHT_PORT, SCALES_PORT, BIAS_PORT, {"residual", ElementType::FLOAT},
     {"gamma", ElementType::FLOAT}, {"beta", ElementType::FLOAT}, MULTIPLIER_PORT},
    2,
    {{"hidden", ElementType::FLOAT}, {"quantized_output", ElementType::UINT8, Characteristic::OPTIONAL}},
    create<load_norm>,
    compute_norm,
    destroy,
};

}  // namespace vecd
