// This machine: the nearest general target, refined by what the CPU says of itself. The only place where
// Halite asks what it runs on.
#include <algorithm>
#include <fstream>
#include <thread>

#include "targets/families.h"
#include "targets/machine.h"

#if defined(__aarch64__) && defined(__linux__)
#include <sys/auxv.h>
#elif defined(__x86_64__)
#include <cpuid.h>
#endif
#if defined(__x86_64__) && defined(__linux__)
#include <sys/syscall.h>
#include <unistd.h>
#endif

namespace halite::targets {
namespace {

#if defined(__x86_64__)
struct Feature {
  std::string_view name;  ///< LLVM's
  bool here;
};

/// Whether Linux lets this process use AMX's registers, from here on: it saves them only for those that ask.
bool may_use_tiles() {
#if defined(__linux__)
  constexpr long kRequestPermission = 0x1023, kTileData = 18;
  return syscall(SYS_arch_prctl, kRequestPermission, kTileData) == 0;
#else
  return false;
#endif
}

/// Of leaf 7, EDX.
bool has_tile_products(unsigned bit) {
  constexpr unsigned kTiles = 1u << 24;
  unsigned a = 0, b = 0, c = 0, d = 0;
  return __get_cpuid_count(7, 0, &a, &b, &c, &d) != 0 && (d & kTiles) != 0 && (d & 1u << bit) != 0 &&
         may_use_tiles();
}

std::vector<Feature> detect() {
  __builtin_cpu_init();
#define HALITE_FEATURE(name) {name, __builtin_cpu_supports(name) != 0}
  return {HALITE_FEATURE("sse4.2"),
          HALITE_FEATURE("avx"),
          HALITE_FEATURE("avx2"),
          HALITE_FEATURE("fma"),
          HALITE_FEATURE("bmi"),
          HALITE_FEATURE("bmi2"),
          HALITE_FEATURE("avx512f"),
          HALITE_FEATURE("avx512bw"),
          HALITE_FEATURE("avx512cd"),
          HALITE_FEATURE("avx512dq"),
          HALITE_FEATURE("avx512vl"),
          HALITE_FEATURE("avx512vnni"),
          HALITE_FEATURE("avx512vbmi"),
          HALITE_FEATURE("avx512bf16"),
          HALITE_FEATURE("avx512ifma"),
          {"amx-bf16", has_tile_products(22)},
          {"amx-int8", has_tile_products(25)}};
#undef HALITE_FEATURE
}

Target nearest() {
  if (this_machine_has("x86-64-v4")) {
    std::string more;
    for (const char* name : {"avx512vnni", "avx512vbmi", "avx512ifma", "avx512bf16", "amx-bf16", "amx-int8"})
      if (this_machine_has(name)) more += std::string(more.empty() ? "+" : ",+") + name;
    return refine(*find("x86-64-v4"), "", more);
  }
  return *find(this_machine_has("x86-64-v3") ? "x86-64-v3" : "x86-64");
}
#elif defined(__aarch64__) && defined(__linux__)
struct Feature {
  std::string_view name;
  bool here;
};

std::vector<Feature> detect() {
  const auto caps = getauxval(AT_HWCAP);
  constexpr unsigned long kAsimdHp = 1ul << 10, kAsimdDp = 1ul << 20;
  return {{"fullfp16", (caps & kAsimdHp) != 0}, {"dotprod", (caps & kAsimdDp) != 0}};
}

Target nearest() {
  return *find(this_machine_has("fullfp16") && this_machine_has("dotprod") ? "arm64-v8.2" : "arm64");
}
#else
#error "halite: which target is nearest to this machine? Add it here."
#endif

/// "48K" in a file of sysfs, in bytes; 0 if there is none.
int64_t cache_bytes(int index) {
  std::ifstream file("/sys/devices/system/cpu/cpu0/cache/index" + std::to_string(index) + "/size");
  int64_t size = 0;
  char unit = 0;
  if (!(file >> size)) return 0;
  file >> unit;
  return size * (unit == 'M' ? 1024 * 1024 : unit == 'K' ? 1024 : 1);
}

}  // namespace

bool this_machine_has(std::string_view feature) {
  static const std::vector<Feature> features = detect();
  const auto all = [](std::initializer_list<const char*> names) {
    return std::all_of(names.begin(), names.end(), [](const char* name) { return this_machine_has(name); });
  };
  if (feature == "x86-64-v2") return all({"sse4.2"});
  if (feature == "x86-64-v3") return all({"x86-64-v2", "avx2", "fma", "bmi", "bmi2"});
  if (feature == "x86-64-v4")
    return all({"x86-64-v3", "avx512f", "avx512bw", "avx512cd", "avx512dq", "avx512vl"});
  return std::any_of(features.begin(), features.end(),
                     [&](const Feature& f) { return f.name == feature && f.here; });
}

Target host() {
  Target t = nearest();
  t.name = "host";
  t.summary = "this machine (" + t.cpu + (t.features.empty() ? "" : " " + t.features) + ")";
  // Index 0 is the first-level data cache, 1 that of instructions.
  if (const auto bytes = cache_bytes(0)) t.facts.l1_bytes = bytes;
  if (const auto bytes = cache_bytes(2)) t.facts.l2_bytes = bytes;
  if (const auto bytes = cache_bytes(3)) t.facts.l3_bytes = bytes;
  t.facts.cores = std::max(1, int(std::thread::hardware_concurrency()));
  t.board = Board{.name = "this machine", .command = {"{image}"}};
  t.toolchain = {"cc"};
  return t;
}

}  // namespace halite::targets
