#include "services/api/receipt_wait.h"

#include <utility>

#include "absl/status/status.h"
#include "absl/strings/str_cat.h"
#include "services/api/grpc_status.h"

namespace hattama::api {

absl::StatusOr<std::optional<ledger::Standing>> ToStanding(v1::WaitFor wait_for) {
  switch (wait_for) {
    case v1::WAIT_FOR_UNSPECIFIED:
    case v1::WAIT_FOR_DURABLE:
      return std::nullopt;
    case v1::WAIT_FOR_CHECKPOINTED:
      return ledger::Standing::kCheckpointed;
    case v1::WAIT_FOR_WITNESSED:
      return ledger::Standing::kWitnessed;
    default:
      return absl::InvalidArgumentError(absl::StrCat("wait_for: ", static_cast<int>(wait_for), " is no known level"));
  }
}

void FinishWithReceipt(const ReceiptWait& wait, const ledger::Ledger& ledger, ledger::Checkpointer& checkpointer,
                       WorkerPool& reads, std::string* proof, grpc::ServerUnaryReactor* reactor) {
  checkpointer.WaitFor(
      wait.sequence, wait.standing, wait.deadline,
      [&ledger, &reads, proof, reactor, sequence = wait.sequence](absl::StatusOr<ledger::PublishedPtr> published) {
        reads.Run([&ledger, proof, reactor, sequence, published = std::move(published)] {
          absl::Status status = published.status();
          if (status.ok()) {
            absl::StatusOr<std::string> receipt = ledger::MakeReceipt(ledger, sequence, **published);
            status = receipt.status();
            if (receipt.ok()) *proof = *std::move(receipt);
          }
          reactor->Finish(ToGrpcStatus(status));
        });
      });
}

}  // namespace hattama::api
