// Start-up: from stored records to a folded state, with every check that the bytes allow.
#ifndef HATTAMA_SERVICES_LEDGER_REPLAYER_H_
#define HATTAMA_SERVICES_LEDGER_REPLAYER_H_

#include "absl/status/status.h"
#include "services/domain/history.h"
#include "storage/event_store.h"

namespace hattama::ledger {

// Folds records [0, head.tree_size) into `history`, which is empty. Each record must match its leaf hash, carry its own
// sequence and a time that does not fall, be signed, decode without fault and be admitted by the state before it; the root over
// all leaves must be head.root. DataLoss names the first sequence that is not so.
//
// Reading with hashing, decoding and folding run on three threads, in order.
absl::Status Replay(const storage::EventStore& store, const storage::Head& head, domain::History& history);

}  // namespace hattama::ledger

#endif  // HATTAMA_SERVICES_LEDGER_REPLAYER_H_
