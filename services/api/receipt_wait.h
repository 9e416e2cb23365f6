// Waiting for a checkpoint that covers an event, and the receipt under it.
#ifndef HATTAMA_SERVICES_API_RECEIPT_WAIT_H_
#define HATTAMA_SERVICES_API_RECEIPT_WAIT_H_

#include <cstdint>
#include <optional>
#include <string>

#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "grpcpp/support/server_callback.h"
#include "hattama/v1/submission_service.pb.h"
#include "services/api/worker_pool.h"
#include "services/ledger/checkpointer.h"
#include "services/ledger/ledger.h"

namespace hattama::api {

// Nullopt where the disk is enough. InvalidArgument for a value that this version does not know.
absl::StatusOr<std::optional<ledger::Standing>> ToStanding(v1::WaitFor wait_for);

// What an event's receipt is to rest on, and until when its caller waits.
struct ReceiptWait {
  int64_t sequence = 0;
  ledger::Standing standing = ledger::Standing::kCheckpointed;
  absl::Time deadline;
};

// Finishes the call once a checkpoint covers the event, with the receipt in `proof`; or with why there is none, as
// Checkpointer::WaitFor says it. The receipt is made on `reads`, because neither the checkpointer nor acknowledgements
// should wait for the disk. All that is given outlives the call.
void FinishWithReceipt(const ReceiptWait& wait, const ledger::Ledger& ledger, ledger::Checkpointer& checkpointer,
                       WorkerPool& reads, std::string* proof, grpc::ServerUnaryReactor* reactor);

}  // namespace hattama::api

#endif  // HATTAMA_SERVICES_API_RECEIPT_WAIT_H_
