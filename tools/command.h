// What a subcommand offers to main.cpp: a function that adds its options to the command line. The one that
// the user chose leaves in `action` what main then runs; its value is the exit status.
#pragma once

#include <functional>

namespace CLI {
class App;
}

namespace halite::tools {

using Action = std::function<int()>;

void add_compile(CLI::App&, Action&);
void add_run(CLI::App&, Action&);
void add_verify(CLI::App&, Action&);
void add_bench(CLI::App&, Action&);
void add_tune(CLI::App&, Action&);
void add_inspect(CLI::App&, Action&);
void add_targets(CLI::App&, Action&);
void add_operators(CLI::App&, Action&);

}  // namespace halite::tools
