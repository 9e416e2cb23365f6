#include "services/audit/report.h"

#include "absl/strings/str_cat.h"
#include "services/domain/text.h"

namespace hattama::audit {

std::string_view StepName(Step step) {
  switch (step) {
    case Step::kNote:
      return "note";
    case Step::kConsistency:
      return "consistency";
    case Step::kBundles:
      return "bundles";
    case Step::kTiles:
      return "tiles";
    case Step::kRecords:
      return "records";
    case Step::kSignatures:
      return "signatures";
    case Step::kRights:
      return "rights";
    case Step::kAdmission:
      return "admission";
    case Step::kTallies:
      return "tallies";
    case Step::kAttestations:
      return "attestations";
  }
  return "unknown";
}

std::string FaultText(const Fault& fault) {
  std::string text = absl::StrCat(domain::Text(StepName(fault.step)), ": ");
  if (!fault.path.empty()) absl::StrAppend(&text, fault.path, ": ");
  if (fault.sequence.has_value()) absl::StrAppend(&text, "record ", *fault.sequence, ": ");
  return absl::StrCat(text, fault.message);
}

}  // namespace hattama::audit
