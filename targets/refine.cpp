// refine(): facts follow features. Two tables: what a feature means for the facts and for Halide's target
// text, and which of those features a CPU brings. A CPU or feature that is in neither still reaches LLVM;
// only the facts stay.
//
// Halide leaves f16 to LLVM on Arm where its text says arm_fp16, and else converts it by a dozen
// instructions: so that stands for all of AArch64, and converts_f16 for no other machine.
#include <algorithm>
#include <sstream>

#include "targets/families.h"

namespace halite::targets {
namespace {

struct FeatureRow {
  std::string_view machine;  ///< prefix of the triple
  std::string_view feature;  ///< LLVM's name
  std::string_view halide;   ///< features for Halide's target text, joined by '-'
  void (*apply)(Target&, bool on);
};

/// Of registers that come in groups.
void set_register_bits(Target& t, int bits, bool on) {
  const int known = t.facts.vector_bits / std::max(1, t.facts.register_group);
  group_registers(t.facts, on ? std::max(known, bits) : std::min(known, bits / 2));
}

void set_vector_bits(Target& t, int bits, bool on) {
  t.facts.vector_bits = on ? std::max(t.facts.vector_bits, bits) : std::min(t.facts.vector_bits, bits / 2);
}

constexpr FeatureRow kFeatures[] = {
    {"x86_64", "avx", "avx", [](Target&, bool) {}},
    {"x86_64", "avx2", "avx2", [](Target& t, bool on) { set_vector_bits(t, 256, on); }},
    {"x86_64", "fma", "fma",
     [](Target& t, bool on) { t.facts.fma = on, t.facts.fma_throughput = on ? 2 : 1; }},
    {"x86_64", "f16c", "f16c", [](Target&, bool) {}},
    {"x86_64", "avx512f", "avx512-avx512_skylake",
     [](Target& t, bool on) {
       set_vector_bits(t, 512, on);
       t.facts.vector_registers = on ? 32 : 16;
       t.facts.lane_broadcast_fma = on;
     }},
    {"x86_64", "avx512vnni", "avx512_cannonlake-avx512_sapphirerapids",
     [](Target& t, bool on) { t.facts.int8_dot = on ? 4 : 2; }},
    // Halide knows it by the names of avx512vnni, which every CPU that has it has too.
    {"x86_64", "avx512bf16", "", [](Target& t, bool on) { t.facts.bf16_dot = on && t.facts.int8_dot == 4; }},
    {"x86_64", "amx-int8", "", [](Target& t, bool on) { t.facts.int8_tiles = on; }},
    {"x86_64", "amx-bf16", "", [](Target& t, bool on) { t.facts.bf16_tiles = on; }},
    {"x86_64", "avx512vbmi", "", [](Target& t, bool on) { t.facts.looks_up_bytes = on; }},
    {"aarch64", "dotprod", "arm_dot_prod",
     [](Target& t, bool on) { t.facts.int8_dot = t.facts.dot_lanes = on ? 4 : 0; }},
    {"aarch64", "fullfp16", "arm_fp16", [](Target& t, bool on) { t.facts.native_f16 = on; }},
    {"armv7", "vfp4", "", [](Target& t, bool on) { t.facts.fma = on; }},
    {"thumb", "vfp2sp", "",
     [](Target& t, bool on) {
       t.facts.hard_float = on;
       t.float_abi = on ? "hard" : "soft";
       if (!on) t.facts.vector_registers = 12, t.facts.fma = false;
     }},
    {"thumb", "dsp", "",
     [](Target& t, bool on) {
       if (!on && t.facts.vector_bits > 0)
         t.facts.vector_bits = 0, t.facts.vector_registers = 32;  // MVE's base
       if (!on || t.facts.vector_bits == 0) t.facts.int8_dot = on ? 2 : 0;
     }},
    {"thumb", "mve", "",
     [](Target& t, bool on) {
       t.facts.vector_bits = on ? 128 : 0;
       t.facts.vector_registers = on ? 8 : 32;
       t.facts.int8_dot = on ? 16 : 2;
       t.facts.high_multiply = on;
     }},
    {"riscv", "v", "",
     [](Target& t, bool on) {
       if (!on || t.facts.vector_bits == 0) group_registers(t.facts, on ? 128 : 0);
       t.facts.lane_broadcast_fma = t.facts.constant_operands = on;
     }},
    {"riscv", "zvl256b", "", [](Target& t, bool on) { set_register_bits(t, 256, on); }},
    {"riscv", "zvl512b", "", [](Target& t, bool on) { set_register_bits(t, 512, on); }},
    {"riscv", "zvl1024b", "", [](Target& t, bool on) { set_register_bits(t, 1024, on); }},
};

struct CpuRow {
  std::string_view machine;
  std::string_view cpus;  ///< separated by spaces
  std::string_view features;
};

constexpr CpuRow kCpus[] = {
    {"x86_64", "x86-64-v3 haswell broadwell skylake znver1 znver2 znver3", "+avx,+avx2,+f16c,+fma"},
    {"x86_64", "alderlake raptorlake meteorlake", "+avx,+avx2,+f16c,+fma"},
    {"x86_64", "x86-64-v4 skylake-avx512", "+avx,+avx2,+f16c,+fma,+avx512f"},
    {"x86_64", "cascadelake", "+avx,+avx2,+f16c,+fma,+avx512f,+avx512vnni"},
    {"x86_64", "cooperlake", "+avx,+avx2,+f16c,+fma,+avx512f,+avx512vnni,+avx512bf16"},
    {"x86_64", "icelake-client icelake-server tigerlake rocketlake",
     "+avx,+avx2,+f16c,+fma,+avx512f,+avx512vnni,+avx512vbmi"},
    {"x86_64", "znver4 znver5", "+avx,+avx2,+f16c,+fma,+avx512f,+avx512vnni,+avx512vbmi,+avx512bf16"},
    {"x86_64", "sapphirerapids emeraldrapids graniterapids",
     "+avx,+avx2,+f16c,+fma,+avx512f,+avx512vnni,+avx512vbmi,+avx512bf16,+amx-int8,+amx-bf16"},
    {"aarch64",
     "cortex-a55 cortex-a75 cortex-a76 cortex-a77 cortex-a78 cortex-a510 cortex-a520 cortex-a710 "
     "cortex-a715 cortex-a720 cortex-x1 cortex-x2 cortex-x3 cortex-x4 neoverse-n1 neoverse-n2 "
     "neoverse-v1 neoverse-v2 apple-a13 apple-a14 apple-m1 apple-m2 apple-m3 apple-m4 ampere1",
     "+dotprod,+fullfp16"},
    {"armv7",
     "cortex-a5 cortex-a7 cortex-a12 cortex-a15 cortex-a17 cortex-a32 cortex-a35 cortex-a53 cortex-a72 krait",
     "+vfp4"},
    {"riscv", "spacemit-x60", "+v,+zvl256b"},
    {"riscv", "sifive-x280", "+v,+zvl512b"},
    {"riscv", "sifive-p670", "+v"},
};

std::vector<std::string> split(std::string_view text, char separator) {
  std::vector<std::string> words;
  std::istringstream in{std::string(text)};
  for (std::string word; std::getline(in, word, separator);)
    if (!word.empty()) words.push_back(word);
  return words;
}

void set_halide_feature(std::string& text, const std::string& feature, bool on) {
  auto words = split(text, '-');
  std::erase(words, feature);
  if (on) words.push_back(feature);
  text.clear();
  for (const auto& word : words) text += (text.empty() ? "" : "-") + word;
}

void apply(Target& t, std::string_view features) {
  for (const auto& feature : split(features, ',')) {
    const bool on = feature[0] != '-';
    const auto name = std::string_view(feature).substr(feature[0] == '+' || feature[0] == '-');
    for (const auto& row : kFeatures) {
      if (!t.triple.starts_with(row.machine) || row.feature != name) continue;
      row.apply(t, on);
      for (const auto& word : split(row.halide, '-')) set_halide_feature(t.halide, word, on);
    }
  }
}

}  // namespace

Target refine(Target t, std::string_view cpu, std::string_view features) {
  if (!cpu.empty()) {
    t.cpu = cpu;
    for (const auto& row : kCpus) {
      if (t.triple.starts_with(row.machine) && std::ranges::count(split(row.cpus, ' '), t.cpu))
        apply(t, row.features);
    }
  }
  if (!features.empty()) {
    t.features += (t.features.empty() ? "" : ",") + std::string(features);
    apply(t, features);
  }
  return t;
}

}  // namespace halite::targets
