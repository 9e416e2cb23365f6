// A log in a folder, in the layout of C2SP tlog-tiles.
#ifndef HATTAMA_SERVICES_AUDIT_DIRECTORY_SOURCE_H_
#define HATTAMA_SERVICES_AUDIT_DIRECTORY_SOURCE_H_

#include <string>
#include <vector>

#include "absl/status/statusor.h"
#include "services/audit/log_source.h"

namespace hattama::audit {

class DirectorySource : public LogSource {
 public:
  explicit DirectorySource(std::string folder) : folder_(std::move(folder)) {}

  absl::StatusOr<std::string> FetchCheckpoint() override;
  absl::StatusOr<std::string> Fetch(const merkle::TileAddress& address) override;
  absl::StatusOr<std::vector<merkle::TileAddress>> List() override;

 private:
  std::string folder_;
};

}  // namespace hattama::audit

#endif  // HATTAMA_SERVICES_AUDIT_DIRECTORY_SOURCE_H_
