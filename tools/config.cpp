#include "tools/config.h"

#include <CLI/CLI.hpp>

#include "tools/files.h"
#include "tools/report.h"

namespace halite::tools {
namespace {

Result<std::string> scalar_text(const Json& value, const std::string& key, const std::string& path) {
  if (value.is_string()) return value.get<std::string>();
  if (value.is_number() || value.is_boolean()) return value.dump();
  return invalid_input(
      "the value of \"" + key + "\" must be a string, a number, true or false, or an array of these", path);
}

// {"data": [1, 3, 8, 8]} as "data=1x3x8x8", the form of the command line.
Result<std::vector<std::string>> shape_texts(const Json& shapes, const std::string& path) {
  std::vector<std::string> texts;
  for (const auto& [name, extents] : shapes.items()) {
    std::string text = name + "=";
    if (!extents.is_array() || extents.empty()) {
      return invalid_input(
          "the shape of \"" + name + "\" must be an array of extents, as in [1, 3, 224, 224]", path);
    }
    for (size_t i = 0; i < extents.size(); ++i) {
      if (!extents[i].is_number_integer()) {
        return invalid_input("the shape of \"" + name + "\" must hold whole numbers", path);
      }
      text += (i ? "x" : "") + extents[i].dump();
    }
    texts.push_back(text);
  }
  return texts;
}

Result<std::vector<std::string>> value_texts(const std::string& key, const Json& value,
                                             const std::string& path) {
  if (key == "shape" && value.is_object()) return shape_texts(value, path);
  std::vector<std::string> texts;
  for (const Json& one : value.is_array() ? value : Json::array({value})) {
    auto text = scalar_text(one, key, path);
    if (!text) return text.error();
    texts.push_back(*text);
  }
  return texts;
}

Error unknown_key(const CLI::App& app, const std::string& key, const std::string& path) {
  std::string known;
  for (const CLI::Option* option : app.get_options()) {
    for (const std::string& name : option->get_lnames()) {
      if (name != "help" && name != "config") known += (known.empty() ? "" : ", ") + name;
    }
  }
  return invalid_input("found the key \"" + key + "\"; expected one of: " + known, path);
}

}  // namespace

Result<void> apply_config(CLI::App& app, const std::string& path) {
  auto text = read_file(path);
  if (!text) return text.error();
  const Json config = Json::parse(*text, nullptr, false);
  if (config.is_discarded()) return invalid_input("is not JSON", path);
  if (!config.is_object())
    return invalid_input("must hold a JSON object of options by their long names", path);
  for (const auto& [key, value] : config.items()) {
    CLI::Option* option = app.get_option_no_throw("--" + key);
    if (!option || key == "help" || key == "config") return unknown_key(app, key, path);
    if (option->count() > 0) continue;  // the command line overrides
    auto texts = value_texts(key, value, path);
    if (!texts) return texts.error();
    try {
      option->add_result(*texts);
      option->run_callback();
    } catch (const CLI::Error& e) {
      return invalid_input(e.what(), path);
    }
  }
  return {};
}

}  // namespace halite::tools
