// Element types and loop variables.
#include "schedules/types.h"

#include "ir/base/check.h"

namespace halite::schedules {

Halide::Type halide_type(ir::DType dtype) {
  using ir::DType;
  switch (dtype) {
    case DType::f32:
      return Halide::Float(32);
    case DType::f16:
      return Halide::Float(16);
    case DType::f64:
      return Halide::Float(64);
    case DType::i8:
      return Halide::Int(8);
    case DType::u8:
      return Halide::UInt(8);
    case DType::i16:
      return Halide::Int(16);
    case DType::u16:
    case DType::bf16:
      return Halide::UInt(16);
    case DType::i32:
      return Halide::Int(32);
    case DType::u32:
      return Halide::UInt(32);
    case DType::i64:
      return Halide::Int(64);
    case DType::u64:
      return Halide::UInt(64);
    case DType::boolean:
      return Halide::UInt(8);
  }
  HALITE_CHECK(false, "unknown dtype");
  return {};
}

std::vector<Halide::Var> axes(int rank) {
  std::vector<Halide::Var> vars;
  for (int d = 0; d < rank; d++) vars.emplace_back("d" + std::to_string(d));
  return vars;
}

}  // namespace halite::schedules
