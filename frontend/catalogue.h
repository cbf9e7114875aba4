// What the front ends import, by name, taken from the tables that they import by.
#pragma once

#include <string>
#include <vector>

namespace halite::frontend {

struct CataloguedOperator {
  std::string format;  ///< "onnx" or "tflite"
  std::string name;    ///< as the format writes it; ONNX's with its domain, if that is not the standard one
  std::string kind;  ///< "operator", "control", "sequence", or "function": defined by the standard as others
};

/// By format and name, each once.
std::vector<CataloguedOperator> catalogue();

}  // namespace halite::frontend
