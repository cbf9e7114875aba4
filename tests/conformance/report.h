// What a run of conformance tests came to, as a table by operator and as JSON.
#pragma once

#include <span>
#include <string>

#include "tests/conformance/node_test.h"

namespace halite::conformance {

/// A row for each operator, then the sums, then what is not served, by name with the reason.
std::string table_of(std::span<const NodeTest>, std::span<const Outcome>);
/// {"engine", "totals", "operators": {name: counts}, "cases": [{name, operator, status, detail}]}
std::string json_of(std::span<const NodeTest>, std::span<const Outcome>, const std::string& engine);
std::string to_string(Status);

}  // namespace halite::conformance
