// Row-wise execution: a run of steps (a cascade) whose layers are computed one row at a time. Of each tensor
// between them only a few rows exist, in a line buffer; nothing is computed twice.
//
// A line buffer holds the last rows of a tensor, columns of padding around them. To make the next row, the
// rows move up by one and the row is written at the end, so every kernel finds its window at a fixed place
// and sees no padding at all: rows above and below the image are rows of the padding's value. rt/rows.c runs
// the program made here.
#pragma once

#include <map>
#include <optional>
#include <span>

#include "codegen/views.h"
#include "schedules/group.h"

namespace halite::codegen {

struct Line {
  ir::ValueId value;                        ///< the tensor whose rows pass through
  int64_t rows = 1;                         ///< held at once
  int64_t row_bytes = 0;                    ///< from row to row, columns of padding included
  int64_t left_bytes = 0, pixel_bytes = 0;  ///< where a row's pixels begin, and how many bytes they are
  uint8_t fill = 0;                         ///< every byte of the padding
  bool loaded = false;                      ///< rows are copied from the whole tensor, made before
  bool stored = false;                      ///< rows are copied to the whole tensor, needed later
  int64_t bytes() const { return rows * row_bytes; }
  /// Rows are written where they are stored, and held nowhere else.
  bool is_direct() const { return row_bytes == 0; }
};

/// Makes the next row of a line: by a kernel, by loading it, or (past the last row) by filling it.
struct RowOp {
  enum class Kind : uint8_t { kernel, load, fill } kind = Kind::load;
  size_t line = 0;
  size_t group = 0;  ///< kernel: index into Cascade::groups
  /// kernel: for each input of the group that is no constant, in order: its line, and bytes into it; no line:
  /// the whole tensor.
  struct Input {
    std::optional<size_t> line;
    int64_t offset = 0;
  };
  std::vector<Input> inputs;
};

/// `count` entries of the program from `first`, `times` times over.
struct RowLoop {
  uint16_t first = 0, count = 0, times = 0;
};

/// The whole tensor `output` may be laid over `input`, from `delta` bytes behind its beginning on downwards.
struct RowOverlap {
  ir::ValueId output, input;
  int64_t delta = 0;
};

struct Cascade {
  std::vector<schedules::Group> layers;  ///< as they were
  std::vector<schedules::Group> groups;  ///< the same on rows; made by build_rows
  std::vector<Line> lines;
  std::vector<RowOp> ops;
  std::vector<uint8_t> program;  ///< indices into ops
  std::vector<RowLoop> loops;    ///< over the program
  std::vector<RowOverlap> overlaps;
  int64_t moved_bytes = 0;  ///< copied in all: what it costs
  int64_t width = 0;        ///< pixels of a row, if not those of the images: see may_fold
  int64_t line_bytes() const;
};
using Cascades = std::map<size_t, Cascade>;  ///< by step

/// Stored as the plain tensor that it is, not as a window of another.
bool is_plain(const ir::Graph&, const Views&, ir::ValueId);

/// Whether a group computes each pixel of its output from the same pixel of its inputs: it may take them in
/// rows of any width that divides their number.
bool may_fold(const ir::Graph&, const schedules::Group&);

/// The groups as one cascade; nullopt if one of them cannot be computed by rows. Does not make
/// Cascade::groups. `is_stored` by value index: read outside, so needed as a whole. `width`: of rows, where
/// all groups may fold; 0: as the images are.
std::optional<Cascade> plan_rows(const ir::Graph&, const Views&, std::span<const schedules::Group>,
                                 const std::vector<bool>& is_stored, int64_t width = 0);

/// Makes Cascade::groups: adds their nodes and values to the graph, for which nothing else is to be computed.
void build_rows(ir::Graph&, Views&, Cascade&);

}  // namespace halite::codegen
