// The one list of targets. To add one: a folder with a target.cpp, a declaration and a row here.
#include <algorithm>

#include "targets/target.h"

namespace halite::targets {

Target x86_64();
Target x86_64_v3();
Target x86_64_v4();
Target host();
Target arm64();
Target arm64_v8_2();
Target armv7();
Target riscv64();
Target riscv64_v();
Target cortex_m0plus();
Target cortex_m3();
Target cortex_m4();
Target cortex_m7();
Target cortex_m33();
Target cortex_m55();
Target riscv32();
Target riscv32f();
Target arm64_none();

namespace {

const std::vector<Target>& fixed() {
  static const std::vector<Target> targets = {
      x86_64(),     x86_64_v3(),  x86_64_v4(),     arm64(),     arm64_v8_2(), armv7(),
      riscv64(),    riscv64_v(),  cortex_m0plus(), cortex_m3(), cortex_m4(),  cortex_m7(),
      cortex_m33(), cortex_m55(), riscv32(),       riscv32f(),  arm64_none()};
  return targets;
}

}  // namespace

std::span<const Target> all() {
  static const std::vector<Target> targets = [] {
    std::vector<Target> list = {host()};
    list.insert(list.end(), fixed().begin(), fixed().end());
    return list;
  }();
  return targets;
}

std::optional<Target> find(std::string_view name) {
  if (name == "host") return host();
  const auto it = std::ranges::find(fixed(), name, &Target::name);
  return it == fixed().end() ? std::nullopt : std::optional(*it);
}

}  // namespace halite::targets
