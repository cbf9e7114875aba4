// --config FILE.json: an object whose keys are long option names without dashes, and whose values are
// strings, numbers, booleans (flags), arrays (repeatable options), or, for shapes, an object of name and
// extents:
//   {"target": ["x86-64-v3", "cortex-m4"], "optimize": "size", "shape": {"data": [1, 3, 224, 224]}}
#pragma once

#include <string>

#include "ir/base/result.h"

namespace CLI {
class App;
}

namespace halite::tools {

/// Sets each option that the command line left alone.
Result<void> apply_config(CLI::App&, const std::string& path);

}  // namespace halite::tools
