// How far a tensor is from the one expected.
#pragma once

#include <optional>
#include <string>

#include "ir/tensor.h"

namespace halite::tools {

/// Elements agree if |got - want| <= atol + rtol * |want|. For integers rtol is ignored and atol counts
/// quanta.
struct Tolerance {
  double rtol = 0, atol = 0;
};

/// What is asked for on the command line; empty: the default of the dtype.
struct ToleranceArguments {
  std::optional<double> rtol, atol;
};

/// f32 and f64: 1e-3, 1e-4; f16: 1e-2, 1e-3; bf16: 4e-2, 4e-3; integers and bool: exact.
Tolerance tolerance_for(ir::DType, const ToleranceArguments&);

struct Difference {
  int64_t elements = 0;
  int64_t count = 0;                ///< elements that do not agree
  double max_abs = 0, max_rel = 0;  ///< over all elements where both are numbers
  int64_t first = -1;               ///< row-major index of the first that does not agree; -1: all agree
  double got = 0, want = 0;         ///< there
};

/// The types have equal shape and dtype. A NaN equals only a NaN, an infinity only itself.
Difference compare(const ir::Tensor& got, const ir::Tensor& want, Tolerance);

/// "[0,2,1]"
std::string index_text(int64_t index, const ir::Shape&);

}  // namespace halite::tools
