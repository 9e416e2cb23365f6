// A ledger with the store that keeps it. The one place that names the concrete store.
#ifndef HATTAMA_SERVICES_SERVER_LEDGER_DIRECTORY_H_
#define HATTAMA_SERVICES_SERVER_LEDGER_DIRECTORY_H_

#include <memory>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "services/ledger/ledger.h"
#include "storage/event_store.h"

namespace hattama::server {

// The time by the machine's clock.
ledger::Clock SystemClock();

// Creates a ledger named `origin` in `directory`, which does not exist or is empty. A creation that was interrupted
// before the ledger was founded is completed.
//   FailedPrecondition  the directory holds a ledger, or something else.
//   InvalidArgument     no log can have this origin; nothing was created.
absl::Status InitLedger(const std::string& directory, const std::string& origin);

// Members are destroyed from the last to the first: the ledger before its store.
struct OpenLedger {
  std::unique_ptr<storage::EventStore> store;
  std::unique_ptr<ledger::Ledger> ledger;
};

// Opens and replays the ledger in `directory`. With `init_origin` it is created where there is none; where there is one
// of another name, FailedPrecondition. NotFound where there is none and init_origin is empty.
absl::StatusOr<OpenLedger> OpenLedgerIn(const std::string& directory, const std::string& init_origin);

}  // namespace hattama::server

#endif  // HATTAMA_SERVICES_SERVER_LEDGER_DIRECTORY_H_
