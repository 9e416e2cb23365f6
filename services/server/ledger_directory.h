// A ledger with the store that keeps it. The one place that names the concrete store.
#ifndef HATTAMA_SERVICES_SERVER_LEDGER_DIRECTORY_H_
#define HATTAMA_SERVICES_SERVER_LEDGER_DIRECTORY_H_

#include <memory>
#include <optional>
#include <string>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "services/ledger/ledger.h"
#include "services/server/config.h"
#include "storage/event_store.h"
#include "storage/merkle/ed25519.h"

namespace hattama::server {

// The time by the machine's clock.
ledger::Clock SystemClock();

// What a ledger is founded with, for ever: its name and the key that grants all others.
struct Founding {
  std::string origin;
  merkle::PublicKey authority{};
};

// What the flags say of it; nullopt where nothing is to be founded. InvalidArgument names the flag.
absl::StatusOr<std::optional<Founding>> FoundingOf(const Config& config);

// Where the ledger is: its data, and what stands outside of it.
struct LedgerPlaces {
  std::string directory;
  std::string log_key;
  std::string signed_head;
};
LedgerPlaces PlacesOf(const Config& config);

// Creates a ledger in the directory, which does not exist or is empty, with its key and signed head where they are
// absent. A creation that was interrupted before the ledger was founded is completed.
//   FailedPrecondition  the directory holds a ledger, or something else; or this log signed events that are not there.
//   InvalidArgument     no log can have this origin or authority, or the key is another log's; nothing was created.
absl::Status InitLedger(const LedgerPlaces& places, const Founding& founding);

// Members are destroyed from the last to the first: the ledger before its store.
struct OpenLedger {
  std::unique_ptr<storage::EventStore> store;
  std::unique_ptr<ledger::Ledger> ledger;
};

// Opens and replays the ledger. With `founding` it is created where there is none; where there is one of
// another name, FailedPrecondition. NotFound where there is none and nothing to found.
absl::StatusOr<OpenLedger> OpenLedgerIn(const LedgerPlaces& places, const std::optional<Founding>& founding);

// The log's private key. InvalidArgument where it is named after another log than `origin`, else as LoadPrivateKey.
absl::StatusOr<merkle::SigningKey> LoadLogKey(const std::string& path, const std::string& origin);

// Creates a signed head that is lost, from the checkpoint in a file, or at size 0 for "none". The ledger must begin
// with it. AlreadyExists where there is a signed head.
absl::Status AdoptHead(const LedgerPlaces& places, const std::string& checkpoint_path);

}  // namespace hattama::server

#endif  // HATTAMA_SERVICES_SERVER_LEDGER_DIRECTORY_H_
