#include "clients/cli/query_flags.h"

#include <vector>

#include "absl/strings/numbers.h"
#include "absl/strings/str_cat.h"
#include "absl/strings/str_split.h"
#include "clients/cli/failure.h"
#include "clients/cli/figures_text.h"

namespace hattama::cli {

void SubjectFlags::AddTo(CLI::App& verb) {
  verb.add_option("ELECTION", election, "Id of the election")->required();
  verb.add_option("--contest", contest, "Id of the contest; may be left out where there is one");
  verb.add_option("--unit,--station", unit, "Id of the area or station; the contest's whole area unless given");
}

void ViewFlags::AddTo(CLI::App& verb) {
  verb.add_option("--source", source,
                  "Whose protocols: a commission or a monitor; the stations' commission unless given");
  verb.add_option("--policy", policy,
                  "Which of a source's protocols count: preliminary, final, final-else-preliminary, corrected-first "
                  "(unless given)");
  verb.add_flag("--claims", claims, "What the source states for the unit itself, not the sum of its stations");
  verb.add_flag("--excluding-contested", excluding_contested, "Without stations that have an open appeal");
}

void VersionFlag::AddTo(CLI::App& verb) {
  verb.add_option("--at", at,
                  "Version: a number of events, or a moment like 2023-03-20T06:00:00+06:00; the head unless given");
}

absl::StatusOr<v1::VersionSelector> ParseVersion(std::string_view text) {
  v1::VersionSelector version;
  if (text.empty()) return version;
  int64_t tree_size = 0;
  if (absl::SimpleAtoi(absl::string_view(text.data(), text.size()), &tree_size)) {
    if (tree_size < 0) return UsageError(absl::StrCat("version ", tree_size, " is negative"));
    version.set_tree_size(tree_size);
    return version;
  }
  absl::StatusOr<google::protobuf::Timestamp> time = ParseMoment(text);
  if (!time.ok()) {
    return UsageError(absl::StrCat("version \"", std::string(text),
                                   "\" is neither a number of events nor a moment like "
                                   "2023-03-20T06:00:00+06:00"));
  }
  *version.mutable_time() = *time;
  return version;
}

absl::StatusOr<v1::Policy> ParsePolicy(std::string_view text) {
  if (text.empty()) return v1::POLICY_UNSPECIFIED;
  if (text == "preliminary") return v1::POLICY_PRELIMINARY_ONLY;
  if (text == "final") return v1::POLICY_FINAL_ONLY;
  if (text == "final-else-preliminary") return v1::POLICY_FINAL_ELSE_PRELIMINARY;
  if (text == "corrected-first") return v1::POLICY_CORRECTED_FIRST;
  return UsageError(absl::StrCat("policy \"", std::string(text),
                                 "\" is none of preliminary, final, final-else-preliminary, corrected-first"));
}

absl::StatusOr<v1::View> ViewFlags::ToView() const {
  v1::View view;
  absl::StatusOr<v1::Policy> parsed = ParsePolicy(policy);
  if (!parsed.ok()) return parsed.status();
  view.set_source_id(source);
  view.set_policy(*parsed);
  if (claims) view.set_basis(v1::BASIS_CLAIMS);
  view.set_excluding_contested(excluding_contested);
  return view;
}

absl::StatusOr<v1::VersionSelector> VersionFlag::ToVersion() const { return ParseVersion(at); }

absl::StatusOr<v1::DiffSide> ParseSide(std::string_view text) {
  v1::DiffSide side;
  if (const size_t at = text.find('@'); at != std::string_view::npos) {
    absl::StatusOr<v1::VersionSelector> version = ParseVersion(text.substr(at + 1));
    if (!version.ok()) return version.status();
    *side.mutable_version() = *version;
    text = text.substr(0, at);
  }
  std::vector<std::string> parts = absl::StrSplit(absl::string_view(text.data(), text.size()), '/');
  for (size_t i = 1; i < parts.size(); ++i) {
    if (parts[i] == "claims") {
      side.mutable_view()->set_basis(v1::BASIS_CLAIMS);
    } else if (parts[i] == "uncontested") {
      side.mutable_view()->set_excluding_contested(true);
    } else {
      return UsageError(absl::StrCat("\"/", parts[i], "\" is neither \"/claims\" nor \"/uncontested\""));
    }
  }
  std::string policy = parts[0];
  if (const size_t colon = policy.rfind(':'); colon != std::string::npos) {
    side.mutable_view()->set_source_id(policy.substr(0, colon));
    policy = policy.substr(colon + 1);
  }
  absl::StatusOr<v1::Policy> parsed = ParsePolicy(policy);
  if (!parsed.ok()) return parsed.status();
  side.mutable_view()->set_policy(*parsed);
  return side;
}

std::string ViewText(const v1::View& view) {
  return absl::StrCat(view.source_id(), ", ", EnumText(v1::Policy_Name(view.policy()), "POLICY_"),
                      view.basis() == v1::BASIS_CLAIMS ? ", as claimed" : ", summed from stations",
                      view.excluding_contested() ? ", without contested stations" : "");
}

}  // namespace hattama::cli
