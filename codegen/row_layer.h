// A group of operators seen as a maker of rows: what it reads to make one row of its output.
#pragma once

#include <optional>
#include <set>
#include <vector>

#include "schedules/group.h"

namespace halite::codegen {

/// What a group reads of its main input to make one row, and how it sees it.
struct Window {
  int64_t rows = 1, stride = 1, above = 0;  ///< the row above the image is -1
  int64_t columns = 1, left = 0;            ///< read, padding included; of them left of the image
  uint8_t fill = 0;
  bool pads = false;
};

/// One group read as a maker of rows.
struct Layer {
  Window window;
  std::set<ir::ValueId>
      windowed;  ///< inputs read through the window; also values made of them before the anchor
  std::vector<ir::ValueId> rows;    ///< inputs of which the row of the output is read
  std::vector<ir::ValueId> wholes;  ///< inputs that are the same for all rows
};

/// nullopt: it cannot be computed one row [1,1,w,c] at a time.
std::optional<Layer> read_layer(const ir::Graph&, const schedules::Group&);

/// [1,h,w,c]
inline bool is_image(const ir::Type& type) { return type.rank() == 4 && type.shape[0] == 1; }

/// Reads no row but by broadcasting.
inline bool has_no_rows(const ir::Type& type) { return type.rank() < 3 || type.shape[type.rank() - 3] == 1; }

}  // namespace halite::codegen
