#include "clients/cli/figures_text.h"

#include <algorithm>
#include <sstream>

#include "absl/numeric/int128.h"
#include "absl/strings/ascii.h"
#include "absl/strings/escaping.h"
#include "absl/strings/match.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_format.h"
#include "absl/time/time.h"

namespace hattama::cli {
namespace {

absl::string_view Absl(std::string_view text) { return {text.data(), text.size()}; }

}  // namespace

std::string Grouped(absl::int128 number) {
  std::ostringstream text;
  text << number;
  std::string digits = text.str();
  const size_t first = number < 0 ? 1 : 0;
  for (size_t at = digits.size(); at > first + 3;) {
    at -= 3;
    digits.insert(at, ",");
  }
  return digits;
}

std::string Signed(int64_t number) { return number > 0 ? "+" + Grouped(number) : Grouped(number); }

std::string GroupedOrDash(std::optional<int64_t> number) { return number ? Grouped(*number) : "-"; }

std::string Percent(const v1::Ratio& ratio) {
  const bool negative = ratio.numerator() < 0;
  const absl::int128 numerator = negative ? -absl::int128(ratio.numerator()) : absl::int128(ratio.numerator());
  const absl::int128 denominator = ratio.denominator();
  const absl::int128 hundredths = (numerator * 20'000 + denominator) / (denominator * 2);
  return absl::StrFormat("%s%s.%02d %%", negative && hundredths != 0 ? "-" : "", Grouped(hundredths / 100),
                         static_cast<int>(hundredths % 100));
}

std::string Moment(const google::protobuf::Timestamp& time) {
  if (time.seconds() == 0 && time.nanos() == 0) return "";
  return absl::FormatTime("%Y-%m-%d %H:%M:%S UTC", absl::FromUnixSeconds(time.seconds()), absl::UTCTimeZone());
}

absl::StatusOr<google::protobuf::Timestamp> ParseMoment(std::string_view text) {
  absl::Time time;
  std::string error;
  if (!absl::ParseTime(absl::RFC3339_full, Absl(text), &time, &error) || time == absl::InfiniteFuture() ||
      time == absl::InfinitePast()) {
    return absl::InvalidArgumentError(
        absl::StrCat("\"", Absl(text), "\" is no moment; write it like 2023-03-19T20:00:00+06:00"));
  }
  const int64_t nanos = absl::ToInt64Nanoseconds(time - absl::FromUnixSeconds(absl::ToUnixSeconds(time)));
  google::protobuf::Timestamp stamp;
  stamp.set_seconds(absl::ToUnixSeconds(time));
  stamp.set_nanos(static_cast<int32_t>(nanos));
  return stamp;
}

std::string Hex(std::string_view bytes) { return absl::BytesToHexString(Absl(bytes)); }

std::optional<std::string> FromHex(std::string_view text) {
  const bool digits = std::all_of(text.begin(), text.end(), [](char c) { return absl::ascii_isxdigit(c); });
  if (!digits || text.size() % 2 != 0) return std::nullopt;
  return absl::HexStringToBytes(Absl(text));
}

std::string NameIn(const google::protobuf::RepeatedPtrField<v1::Name>& names, std::string_view language,
                   std::string_view id) {
  if (names.empty()) return std::string(id);
  const auto find = [&](auto matches) {
    return std::find_if(names.begin(), names.end(), [&](const v1::Name& name) { return matches(name.language()); });
  };
  auto found = find([&](const std::string& tag) { return tag == language; });
  const std::string_view primary = language.substr(0, language.find('-'));
  if (found == names.end()) {
    found = find([&](const std::string& tag) { return tag.substr(0, tag.find('-')) == primary; });
  }
  if (found == names.end()) found = find([](const std::string& tag) { return tag == "en"; });
  return found == names.end() ? names[0].text() : found->text();
}

std::string EnumText(std::string_view value_name, std::string_view prefix) {
  if (value_name.substr(0, prefix.size()) == prefix) value_name.remove_prefix(prefix.size());
  std::string text = absl::AsciiStrToLower(Absl(value_name));
  std::replace(text.begin(), text.end(), '_', ' ');
  return text;
}

}  // namespace hattama::cli
