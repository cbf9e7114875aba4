// Text of the link scripts, embedded by CMakeLists.txt.
#pragma once

#include <string_view>

namespace halite::targets {

std::string_view sections_cortex_m();  ///< goes behind one of link_cortex_m*, which state the memories
std::string_view link_cortex_m3();
std::string_view link_cortex_m4();
std::string_view link_cortex_m7();
std::string_view link_cortex_m33();
std::string_view link_cortex_m55();
std::string_view link_riscv32();
std::string_view link_arm64_none();

}  // namespace halite::targets
