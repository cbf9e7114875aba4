// The command line: halite SUBCOMMAND. Each subcommand has a file of its own; this one adds them all, runs
// the one that was chosen, and is the only place where an exit status other than the command's own is made.
//
// Exit status: 0 success, 1 the user's model or arguments (report.h), 2 usage, 70 a bug in Halite.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstring>
#include <exception>
#include <new>

#include "ir/base/check.h"
#include "tools/command.h"
#include "tools/report.h"

namespace halite::tools {
namespace {

Format format_of(int argc, char** argv) {
  const bool json =
      std::any_of(argv + 1, argv + argc, [](const char* a) { return !std::strcmp(a, "--json"); });
  return json ? Format::json : Format::text;
}

// The subcommand that was named, or the app itself: the one whose help fits the mistake.
const CLI::App& chosen(const CLI::App& app) {
  const auto used = app.get_subcommands();
  return used.empty() ? app : *used.front();
}

int run_guarded(const Action& action, Format format) {
  try {
    return action();
  } catch (const InternalError& e) {
    return fail_internal(e.what(), format);
  } catch (const std::bad_alloc&) {
    return fail({ErrorCode::kResource, "the model needs more memory than this machine gives", ""}, format);
  } catch (const std::exception& e) {
    return fail_internal(e.what(), format);
  }
}

int run(int argc, char** argv) {
  CLI::App app("Halite compiles neural networks to self-contained object files.", "halite");
  app.set_version_flag("--version", "halite 0.1.0");
  app.require_subcommand(1);
  app.failure_message(CLI::FailureMessage::simple);
  Action action;
  add_compile(app, action);
  add_run(app, action);
  add_verify(app, action);
  add_bench(app, action);
  add_tune(app, action);
  add_inspect(app, action);
  add_targets(app, action);
  add_operators(app, action);
  const Format format = format_of(argc, argv);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    if (e.get_exit_code() == 0) return app.exit(e);  // --help, --version
    return fail_usage(e.what(), chosen(app).get_display_name(), format);
  }
  return run_guarded(action, format);
}

}  // namespace
}  // namespace halite::tools

int main(int argc, char** argv) { return halite::tools::run(argc, argv); }
