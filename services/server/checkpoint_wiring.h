// What makes, witnesses and publishes checkpoints, put together from flags.
#ifndef HATTAMA_SERVICES_SERVER_CHECKPOINT_WIRING_H_
#define HATTAMA_SERVICES_SERVER_CHECKPOINT_WIRING_H_

#include <memory>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "services/ledger/checkpointer.h"
#include "services/ledger/ledger.h"
#include "services/server/config.h"
#include "services/server/witness_client.h"
#include "storage/publication/publication.h"

namespace hattama::server {

// Members are destroyed from the last to the first: the checkpointer before those it uses. The ledger outlives all.
struct Checkpoints {
  std::unique_ptr<storage::Publication> publication;  // Null without --publish.
  std::unique_ptr<WitnessClient> witnesses;           // Null without --policy.
  std::unique_ptr<ledger::Checkpointer> checkpointer;
};

// What can be said of key and policy before a replay, which may take long: a mistake shows at once. A key that is not
// there yet may be made with the ledger.
absl::Status CheckCheckpointFiles(const Config& config);

// Takes the signed head and starts making checkpoints. What must not be served is FailedPrecondition, with what has
// happened and what to do.
absl::StatusOr<Checkpoints> StartCheckpoints(const Config& config, ledger::Ledger& ledger);

}  // namespace hattama::server

#endif  // HATTAMA_SERVICES_SERVER_CHECKPOINT_WIRING_H_
