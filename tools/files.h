// Whole files in and out.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "ir/base/result.h"

namespace halite::tools {

/// Regular files of up to 2 GiB.
Result<std::string> read_file(const std::filesystem::path&);
/// Whole or not at all: written beside its place, then renamed. Creates no directories. Devices are written
/// directly.
Result<void> write_file(const std::filesystem::path&, std::string_view bytes);
Result<void> make_directory(const std::filesystem::path&);

}  // namespace halite::tools
