// halite operators: what the front ends import. tools/operator-table makes the README's table of it.
#include <CLI/CLI.hpp>

#include "frontend/catalogue.h"
#include "tools/arguments.h"
#include "tools/command.h"
#include "tools/report.h"
#include "tools/table.h"

namespace halite::tools {
namespace {

int run(Format format) {
  Table table({"format", "operator", "kind"});
  Json list = Json::array();
  for (const auto& [from, name, kind] : frontend::catalogue()) {
    table.add({from, name, kind});
    list.push_back({{"format", from}, {"name", name}, {"kind", kind}});
  }
  return format == Format::json ? answer(Json{{"operators", list}}) : answer(table.text());
}

}  // namespace

void add_operators(CLI::App& app, Action& action) {
  auto format = std::make_shared<Format>(Format::text);
  CLI::App* sub = app.add_subcommand("operators", "List the operators that models may use");
  add_json(*sub, *format);
  sub->callback([format, &action] { action = [format] { return run(*format); }; });
}

}  // namespace halite::tools
