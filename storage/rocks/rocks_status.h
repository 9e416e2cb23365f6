// rocksdb::Status ends here.
#ifndef HATTAMA_STORAGE_ROCKS_ROCKS_STATUS_H_
#define HATTAMA_STORAGE_ROCKS_ROCKS_STATUS_H_

#include <rocksdb/status.h>

#include <string>

#include "absl/status/status.h"

namespace hattama::storage {

// The status a caller can act on; `what` says what was being done, and to what.
absl::Status ToAbslStatus(const rocksdb::Status& status, const std::string& what);

}  // namespace hattama::storage

#endif  // HATTAMA_STORAGE_ROCKS_ROCKS_STATUS_H_
