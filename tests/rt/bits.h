// Bit patterns of floats for tests, and a stream of them in which special values, subnormals and near-equal
// pairs are frequent.
#pragma once

#include <bit>
#include <cmath>
#include <cstdint>
#include <random>

namespace halite::test {

inline uint32_t bits(float f) { return std::bit_cast<uint32_t>(f); }
inline uint64_t bits(double f) { return std::bit_cast<uint64_t>(f); }

/// The same number: equal bits, or both NaN.
template <class T>
bool same(T a, T b) {
  return bits(a) == bits(b) || (std::isnan(a) && std::isnan(b));
}

template <class T>
class FloatStream {
 public:
  using Bits = decltype(bits(T{}));

  T next() {
    constexpr int kSig = sizeof(T) == 4 ? 23 : 52;
    constexpr int kTop = sizeof(T) * 8 - 1;
    Bits random = static_cast<Bits>(engine_());
    switch (engine_() % 8) {
      case 0:
        return std::bit_cast<T>(kSpecial[engine_() % 5] << (kTop - 3) ^ random >> (engine_() % kTop + 1));
      case 1:
        return std::bit_cast<T>(static_cast<Bits>(last_ + engine_() % 9 - 4));
      case 2:
        return std::bit_cast<T>(static_cast<Bits>(last_ ^ Bits{1} << kTop));
      case 3:  // near 1
        random = (std::bit_cast<Bits>(T{1}) & ~((Bits{1} << kSig) - 1)) + (random & ((Bits{3} << kSig) - 1));
        break;
      case 4:
        random &= Bits(-1) << (engine_() % kSig);
        break;
      case 5:
        random = kExact[engine_() % 4]
                     ? std::bit_cast<Bits>(static_cast<T>(int64_t(engine_()) >> engine_() % 64))
                     : 0;
    }
    last_ = random;
    return std::bit_cast<T>(random);
  }

 private:
  static constexpr Bits kSpecial[5] = {0, 8, 7, 15, 4};
  static constexpr bool kExact[4] = {true, true, true, false};
  std::mt19937_64 engine_{20240607};
  Bits last_ = 0;
};

}  // namespace halite::test
