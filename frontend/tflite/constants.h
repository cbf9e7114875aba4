// The constants of a TFLite file as tensors: int4 is unpacked to int8, sparse tensors become dense. What that
// makes of a file is bounded by the file's size, so that a small one cannot ask for a large memory.
#pragma once

#include <map>

#include "frontend/tflite/model.h"

namespace halite::frontend {

class TfliteData {
 public:
  explicit TfliteData(const TfliteModel& model);

  /// Whether the file holds the tensor's value.
  bool has_data(const TfliteTensor&) const;
  /// Its value; has_data must be true.
  Result<Tensor> read(const TfliteTensor&);

 private:
  Result<Tensor> read_plain(const TfliteTensor&);
  Result<void> pay(int64_t bytes);

  const TfliteModel& model_;
  int64_t budget_ = 0;
  std::map<uint32_t, Tensor> buffers_;  ///< copied from the file, as bytes; tensors share them
};

/// The dense form of a sparse tensor; `values` has the stored elements in a row.
Result<Tensor> densify(const TfliteTensor&, const Tensor& values);

}  // namespace halite::frontend
