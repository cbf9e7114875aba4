// See choice.h.
#include "schedules/choice.h"

#include <charconv>

namespace halite::schedules {

std::string to_string(const TileShape& t) {
  std::string text = std::to_string(t.px);
  for (const int n : {t.py, t.vectors, t.lanes}) text += "x" + std::to_string(n);
  if (t.lane_step > 0) text += "/" + std::to_string(t.lane_step) + "/" + std::to_string(t.unroll);
  return text;
}

std::optional<TileShape> parse_tile(std::string_view text) {
  TileShape t;
  const char *at = text.data(), *end = text.data() + text.size();
  const auto number = [&](char before, int& value) {
    if (before != 0 && (at == end || *at++ != before)) return false;
    const auto [next, code] = std::from_chars(at, end, value);
    at = next;
    return code == std::errc() && value > 0;
  };
  if (!number(0, t.px) || !number('x', t.py) || !number('x', t.vectors) || !number('x', t.lanes)) return {};
  if (at != end && (!number('/', t.lane_step) || !number('/', t.unroll))) return {};
  if (at != end) return {};
  return t;
}

std::string_view to_string(Bound bound) {
  switch (bound) {
    case Bound::unknown:
      return "unknown";
    case Bound::multipliers:
      return "multipliers";
    case Bound::memory:
      return "memory";
    case Bound::front_end:
      return "front end";
    case Bound::latency:
      return "latency";
    case Bound::tile_ends:
      return "tile ends";
    case Bound::weights:
      return "weights";
  }
  return "unknown";
}

}  // namespace halite::schedules
