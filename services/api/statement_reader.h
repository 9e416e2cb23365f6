// Statements of tallies and the paths of their stations, at any version.
#ifndef HATTAMA_SERVICES_API_STATEMENT_READER_H_
#define HATTAMA_SERVICES_API_STATEMENT_READER_H_

#include <cstddef>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "hattama/v1/audit_service.pb.h"
#include "services/api/versions.h"
#include "services/ledger/ledger.h"
#include "services/wire/statement.h"

namespace hattama::api {

// Thread-safe. Statuses are those of domain::Locate, ResolveView and SelectVersion.
class StatementReader {
 public:
  // `ledger` must outlive the reader.
  explicit StatementReader(ledger::Ledger* ledger) : ledger_(ledger), roots_(ledger) {}

  absl::Status GetStatement(const v1::GetStatementRequest& request, v1::GetStatementResponse& response);
  absl::Status GetStationPath(const v1::GetStationPathRequest& request, v1::GetStationPathResponse& response);

 private:
  // A statement with its tree: some hundred bytes for each station.
  struct Made {
    std::string key;
    v1::AsOf as_of;
    wire::Statement statement;
  };
  // The last few, because whoever asks for one station asks for the next.
  static constexpr size_t kMadeCountMax = 3;

  // The statement of a contest; the station's place among the leaves goes to `station_index` where one is named.
  absl::StatusOr<std::shared_ptr<const Made>> Make(std::string_view election_id, std::string_view contest_id,
                                                   std::string_view station_id, const v1::View& view,
                                                   const v1::VersionSelector& version, int64_t* station_index);

  ledger::Ledger* ledger_;
  RootBook roots_;
  std::mutex mutex_;
  std::list<std::shared_ptr<const Made>> made_;  // The last used first.
};

}  // namespace hattama::api

#endif  // HATTAMA_SERVICES_API_STATEMENT_READER_H_
