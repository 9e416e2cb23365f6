#include "services/server/ledger_directory.h"

#include <span>
#include <utility>

#include "absl/strings/str_cat.h"
#include "absl/time/clock.h"
#include "services/domain/event.h"
#include "services/domain/history.h"
#include "services/domain/refusal.h"
#include "services/ledger/signed_head.h"
#include "storage/files/small_file.h"
#include "storage/keys/key_file.h"
#include "storage/merkle/checkpoint.h"
#include "storage/merkle/signed_note.h"
#include "storage/rocks/rocks_event_store.h"

namespace hattama::server {
namespace {

using Store = storage::RocksEventStore;

// Submissions that may wait for the writer: what the services let wait together, and the largest definition beside it.
constexpr int64_t kQueueCountMax = 262'144;

// Whether key and signed head, where they are there, are those of a log that begins now.
absl::Status CheckLogFiles(const LedgerPlaces& places, const std::string& origin) {
  const absl::StatusOr<merkle::SigningKey> key = LoadLogKey(places.log_key, origin);
  if (!key.ok() && key.status().code() != absl::StatusCode::kNotFound) return key.status();
  const absl::StatusOr<merkle::Checkpoint> head = ledger::SignedHead::Read(places.signed_head);
  if (head.status().code() == absl::StatusCode::kNotFound) return absl::OkStatus();
  if (!head.ok()) return head.status();
  if (head->origin != origin || head->tree_size > 0) {
    return absl::FailedPreconditionError(absl::StrCat(places.signed_head, ": says that the log \"", head->origin,
                                                      "\" signed ", head->tree_size,
                                                      " events; a ledger that is created now has none. If its data is "
                                                      "lost, restore it (deploy/README.md, \"Restored from a "
                                                      "backup\"); if this is to be another log, give it other files"));
  }
  return absl::OkStatus();
}

absl::Status MakeLogFiles(const LedgerPlaces& places, const std::string& origin) {
  if (LoadLogKey(places.log_key, origin).status().code() == absl::StatusCode::kNotFound) {
    absl::StatusOr<merkle::SigningKey> key = merkle::SigningKey::Generate();
    if (!key.ok()) return key.status();
    const merkle::NamedSigningKey named{.name = origin, .key = *std::move(key)};
    if (absl::Status made = storage::CreateFile(places.log_key, merkle::FormatPrivateKey(named) + "\n", 0600);
        !made.ok()) {
      return made;
    }
  }
  const absl::Status made = ledger::SignedHead::Create(places.signed_head, {.origin = origin});
  return made.code() == absl::StatusCode::kAlreadyExists ? absl::OkStatus() : made;
}

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

LedgerPlaces PlacesOf(const Config& config) {
  return {.directory = config.data_directory, .log_key = config.log_key, .signed_head = config.signed_head};
}

absl::StatusOr<merkle::SigningKey> LoadLogKey(const std::string& path, const std::string& origin) {
  absl::StatusOr<merkle::NamedSigningKey> key = storage::LoadPrivateKey(path);
  if (!key.ok()) return absl::Status(key.status().code(), absl::StrCat("the log's key: ", key.status().message()));
  // A key in PEM has no name.
  if (!key->name.empty() && key->name != origin) {
    return absl::InvalidArgumentError(
        absl::StrCat("the log's key: ", path, ": is that of \"", key->name, "\", this log is \"", origin, "\""));
  }
  return std::move(key->key);
}

absl::Status InitLedger(const LedgerPlaces& places, const Founding& founding) {
  const std::string& directory = places.directory;
  // Before anything is created: the origin stays for ever.
  const domain::Refusals refusals = domain::History().Check(
      domain::LedgerFounded{.origin = founding.origin, .format_version = 1, .authority = founding.authority});
  if (!refusals.empty()) return ledger::StatusOf(refusals);

  absl::Status files = CheckLogFiles(places, founding.origin);
  if (!files.ok()) return files;

  absl::StatusOr<std::unique_ptr<Store>> store = Store::Create(directory, {});
  if (store.status().code() == absl::StatusCode::kFailedPrecondition) {
    absl::StatusOr<std::unique_ptr<Store>> existing = Store::Open(directory, {});
    if (!existing.ok()) {
      return existing.status().code() == absl::StatusCode::kNotFound ? store.status() : existing.status();
    }
    store = std::move(existing);
  }
  if (!store.ok()) return store.status();
  // A ledger that is there keeps what it has: a signed head that it lost is not made anew in passing.
  if ((*store)->head().tree_size == 0) files = MakeLogFiles(places, founding.origin);
  if (!files.ok()) return files;
  if (absl::Status status = ledger::Ledger::Found(**store, founding.origin, founding.authority, SystemClock());
      !status.ok()) {
    return absl::Status(status.code(), absl::StrCat(directory, ": ", status.message()));
  }
  return absl::OkStatus();
}

absl::StatusOr<OpenLedger> OpenLedgerIn(const LedgerPlaces& places, const std::optional<Founding>& founding) {
  const std::string& directory = places.directory;
  absl::StatusOr<std::unique_ptr<Store>> store = Store::Open(directory, {});
  const bool none = store.ok() ? (*store)->head().tree_size == 0 : store.status().code() == absl::StatusCode::kNotFound;
  if (none && founding.has_value()) {
    if (store.ok()) store->reset();  // One process may hold it once.
    if (absl::Status status = InitLedger(places, *founding); !status.ok()) return status;
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

absl::Status AdoptHead(const LedgerPlaces& places, const std::string& checkpoint_path) {
  if (const auto there = ledger::SignedHead::Read(places.signed_head);
      there.status().code() != absl::StatusCode::kNotFound) {
    return absl::AlreadyExistsError(absl::StrCat(
        places.signed_head, ": is there; it is what this log signed last, and nothing else may take its place"));
  }
  absl::StatusOr<OpenLedger> open = OpenLedgerIn(places, std::nullopt);
  if (!open.ok()) return open.status();
  const ledger::Ledger& ledger = *open->ledger;
  const absl::StatusOr<merkle::SigningKey> key = LoadLogKey(places.log_key, ledger.origin());
  if (!key.ok()) return key.status();
  if (checkpoint_path == "none") return ledger::SignedHead::Create(places.signed_head, {.origin = ledger.origin()});

  const absl::StatusOr<merkle::NoteKey> log_key =
      merkle::MakeNoteKey(ledger.origin(), merkle::kNoteEd25519, key->public_key());
  if (!log_key.ok()) return log_key.status();
  const absl::StatusOr<std::string> note = storage::ReadSmallFile(checkpoint_path, merkle::kNoteBytesMax);
  if (!note.ok()) return note.status();
  const absl::StatusOr<merkle::Checkpoint> checkpoint = merkle::OpenCheckpoint(*note, std::span(&*log_key, 1));
  if (!checkpoint.ok()) {
    return absl::InvalidArgumentError(absl::StrCat(checkpoint_path, ": ", checkpoint.status().message()));
  }
  const int64_t held = ledger.head().tree_size;
  if (checkpoint->tree_size > held) {
    return absl::FailedPreconditionError(absl::StrCat(checkpoint_path, ": signs ", checkpoint->tree_size, " events, ",
                                                      places.directory, " holds ", held,
                                                      ": an older copy, which must not be served"));
  }
  const absl::StatusOr<merkle::Hash> root = ledger.RootAt(checkpoint->tree_size);
  if (!root.ok()) return root.status();
  if (*root != checkpoint->root) {
    return absl::FailedPreconditionError(absl::StrCat(checkpoint_path, ": at tree_size ", checkpoint->tree_size,
                                                      " it has another root than ", places.directory,
                                                      ": two histories of this log; keep both"));
  }
  return ledger::SignedHead::Create(places.signed_head, *checkpoint);
}

}  // namespace hattama::server
