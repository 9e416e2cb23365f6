// A ledger's data from a copy of its published folder: what to do when the disk is gone, or a backup is too old.
#ifndef HATTAMA_SERVICES_SERVER_RESTORE_H_
#define HATTAMA_SERVICES_SERVER_RESTORE_H_

#include <cstdint>
#include <string>

#include "absl/status/statusor.h"
#include "services/server/ledger_directory.h"

namespace hattama::server {

struct Restored {
  int64_t held = 0;       // Events that were there.
  int64_t tree_size = 0;  // Events that are there now.
};

// Appends to the data what the folder has beyond it, up to the folder's checkpoint, which the log's key must have
// signed. Data that is not there is created. The signed head is not touched.
//   FailedPrecondition  the data does not begin as the folder does, or reaches further; nothing was written.
//   DataLoss            the folder does not have what its checkpoint says. What fits together up to there may have been
//                       written; the call may be repeated with another copy.
absl::StatusOr<Restored> RestoreFrom(const LedgerPlaces& places, const std::string& folder);

}  // namespace hattama::server

#endif  // HATTAMA_SERVICES_SERVER_RESTORE_H_
