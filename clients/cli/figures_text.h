// Numbers, shares, moments and names as people read them. Exact until the last digit shown.
#ifndef HATTAMA_CLIENTS_CLI_FIGURES_TEXT_H_
#define HATTAMA_CLIENTS_CLI_FIGURES_TEXT_H_

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "absl/numeric/int128.h"
#include "absl/status/statusor.h"
#include "google/protobuf/repeated_ptr_field.h"
#include "google/protobuf/timestamp.pb.h"
#include "hattama/v1/election.pb.h"

namespace hattama::cli {

// "3,431,510"; "-33".
std::string Grouped(absl::int128 number);
// The same with a sign: "+67"; "0" has none.
std::string Signed(int64_t number);
// "-" where there is none: a figure nobody stated, which is not zero.
std::string GroupedOrDash(std::optional<int64_t> number);

// numerator / denominator in percent to two decimals, halves away from zero: "53.90 %". The denominator is positive.
std::string Percent(const v1::Ratio& ratio);

// "2026-11-23 14:05:11 UTC"; empty where it is not set.
std::string Moment(const google::protobuf::Timestamp& time);

// RFC 3339, for example "2019-10-20T19:40:57-04:00". InvalidArgument names the text.
absl::StatusOr<google::protobuf::Timestamp> ParseMoment(std::string_view text);

// Lower-case hexadecimal digits of `bytes`.
std::string Hex(std::string_view bytes);
// The bytes of hexadecimal digits; nullopt where they are none.
std::optional<std::string> FromHex(std::string_view text);

// The name in `language`, else in another variety of it, else in English, else the first; `id` where there is no name.
std::string NameIn(const google::protobuf::RepeatedPtrField<v1::Name>& names, std::string_view language,
                   std::string_view id);

// STAGE_FINAL -> "final": the value's name without `prefix`, in lower case, with spaces.
std::string EnumText(std::string_view value_name, std::string_view prefix);

}  // namespace hattama::cli

#endif  // HATTAMA_CLIENTS_CLI_FIGURES_TEXT_H_
