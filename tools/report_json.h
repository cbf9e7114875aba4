// What a compilation reports, as JSON. The keys are stable.
#pragma once

#include "codegen/compile.h"
#include "tools/report.h"

namespace halite::tools {

Json to_json(const codegen::Report&);
/// "1.2 KiB", or that it is unknown (text).
std::string stack_text(const codegen::Report&);
Json to_json(const ir::Type&);

}  // namespace halite::tools
