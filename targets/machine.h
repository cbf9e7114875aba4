// This machine, and how programs for a target are run on it.
#pragma once

#include "targets/target.h"

namespace halite::targets {

/// Whether the CPU of this machine has a feature (LLVM's name) or is of a level ("x86-64-v3").
bool this_machine_has(std::string_view feature);
/// Whether programs for a target run here without an emulator.
bool runs_natively(const Target&);
/// The argv that runs "{image}": natively, or with the emulator of the target's board; nullopt if the target
/// has no board, its emulator is not installed, or the emulator lacks what the target's code uses.
std::optional<std::vector<std::string>> run_command(const Target&);
/// In words, for `halite targets` and errors: "runs natively", "qemu-arm", "needs qemu-arm, which is not
/// installed".
std::string how_to_run(const Target&);

/// Bytes of the memory beside the core (TCM) that the link script of the target's board calls FAST; 0: it has
/// none.
int64_t fast_memory_bytes(const Target&);

}  // namespace halite::targets
