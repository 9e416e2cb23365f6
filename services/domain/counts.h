// Counts as they stand on paper, and exact fractions of them. No floating point.
#ifndef HATTAMA_SERVICES_DOMAIN_COUNTS_H_
#define HATTAMA_SERVICES_DOMAIN_COUNTS_H_

#include <cstdint>
#include <optional>

namespace hattama::domain {

// The largest figure a protocol or a roll entry may state. Rule H03.
inline constexpr int64_t kCountMax = 999'999'999;

// True where `count` is a figure that paper may carry: 0..kCountMax.
constexpr bool IsCount(int64_t count) { return count >= 0 && count <= kCountMax; }

// A wide integer for sums and cross products, which never overflow in it: |a| < 2^63 and |b| < 2^63 give |a * b| <
// 2^126.
__extension__ typedef __int128 Wide;

// `value` where it fits 64 bits, else nullopt.
constexpr std::optional<int64_t> Narrow(Wide value) {
  if (value < INT64_MIN || value > INT64_MAX) return std::nullopt;
  return static_cast<int64_t>(value);
}

// numerator / denominator, not reduced: the base of a share stays visible. The denominator is positive.
struct Fraction {
  int64_t numerator = 0;
  int64_t denominator = 1;

  friend bool operator==(const Fraction&, const Fraction&) = default;
};

// Compares a/b with c/d by cross multiplication: -1, 0 or 1. Both denominators are positive.
constexpr int Compare(const Fraction& a, const Fraction& b) {
  const Wide left = static_cast<Wide>(a.numerator) * b.denominator;
  const Wide right = static_cast<Wide>(b.numerator) * a.denominator;
  return left < right ? -1 : left > right ? 1 : 0;
}

// True where `value` reaches `bar`: value >= bar if inclusive, value > bar if not.
constexpr bool Reaches(const Fraction& value, const Fraction& bar, bool inclusive) {
  const int order = Compare(value, bar);
  return order > 0 || (inclusive && order == 0);
}

}  // namespace hattama::domain

#endif  // HATTAMA_SERVICES_DOMAIN_COUNTS_H_
