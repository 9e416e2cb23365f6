#include "services/server/ledger_directory.h"

#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "services/domain/event.h"
#include "services/domain/history.h"
#include "services/domain/refusal.h"
#include "storage/keys/key_file.h"
#include "storage/rocks/rocks_event_store.h"

namespace hattama::server {
namespace {

using Store = storage::RocksEventStore;

// Submissions that may wait for the writer: what the services let wait together, and the largest definition beside it.
constexpr int64_t kQueueCountMax = 262'144;

}  // namespace

ledger::Clock SystemClock() {
  return [] { return absl::ToUnixMicros(absl::Now()); };
}

absl::StatusOr<std::optional<Founding>> FoundingOf(const Config& config) {
  if (config.origin.empty()) return std::nullopt;
  const absl::StatusOr<merkle::PublicKey> authority = storage::LoadPublicKey(config.authority);
  if (!authority.ok()) {
    return absl::InvalidArgumentError(absl::StrCat("the authority's key: ", authority.status().message()));
  }
  return Founding{.origin = config.origin, .authority = *authority};
}

absl::Status InitLedger(const std::string& directory, const Founding& founding) {
  // Before anything is created: the origin stays for ever.
  const domain::Refusals refusals = domain::History().Check(
      domain::LedgerFounded{.origin = founding.origin, .format_version = 1, .authority = founding.authority});
  if (!refusals.empty()) return ledger::StatusOf(refusals);

  absl::StatusOr<std::unique_ptr<Store>> store = Store::Create(directory, {});
  if (store.status().code() == absl::StatusCode::kFailedPrecondition) {
    absl::StatusOr<std::unique_ptr<Store>> existing = Store::Open(directory, {});
    if (!existing.ok()) {
      return existing.status().code() == absl::StatusCode::kNotFound ? store.status() : existing.status();
    }
    store = std::move(existing);
  }
  if (!store.ok()) return store.status();
  if (absl::Status status = ledger::Ledger::Found(**store, founding.origin, founding.authority, SystemClock()); !status.ok()) {
    return absl::Status(status.code(), absl::StrCat(directory, ": ", status.message()));
  }
  return absl::OkStatus();
}

absl::StatusOr<OpenLedger> OpenLedgerIn(const std::string& directory, const std::optional<Founding>& founding) {
  absl::StatusOr<std::unique_ptr<Store>> store = Store::Open(directory, {});
  const bool none = store.ok() ? (*store)->head().tree_size == 0 : store.status().code() == absl::StatusCode::kNotFound;
  if (none && founding.has_value()) {
    if (store.ok()) store->reset();  // One process may hold it once.
    if (absl::Status status = InitLedger(directory, *founding); !status.ok()) return status;
    store = Store::Open(directory, {});
  }
  if (!store.ok()) return store.status();

  OpenLedger open;
  open.store = *std::move(store);
  ledger::Ledger::Options options;
  options.queue_count_max = kQueueCountMax;
  absl::StatusOr<std::unique_ptr<ledger::Ledger>> ledger = ledger::Ledger::Open(*open.store, SystemClock(), options);
  if (!ledger.ok()) {
    return absl::Status(ledger.status().code(), absl::StrCat(directory, ": ", ledger.status().message()));
  }
  open.ledger = *std::move(ledger);
  if (founding.has_value() && open.ledger->origin() != founding->origin) {
    return absl::FailedPreconditionError(
        absl::StrCat(directory, ": holds the ledger \"", open.ledger->origin(), "\", not \"", founding->origin, "\""));
  }
  return open;
}

}  // namespace hattama::server
