// Asks the witnesses of a policy for cosignatures, each on a thread of its own, so that a slow one holds up nobody but
// itself. What each of them remembers is learnt from its answers.
#ifndef HATTAMA_SERVICES_SERVER_WITNESS_CLIENT_H_
#define HATTAMA_SERVICES_SERVER_WITNESS_CLIENT_H_

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "absl/time/time.h"
#include "services/ledger/checkpointer.h"
#include "services/server/witness_http.h"
#include "storage/merkle/signed_note.h"
#include "storage/merkle/tlog_policy.h"

namespace hattama::server {

// What the operator should know of a witness.
struct WitnessNews {
  // An alarm: the witness has seen another history of this log, or a later one than this server has.
  enum class Kind { kCosigns, kSilent, kAlarm };
  std::string witness;
  Kind kind = Kind::kCosigns;
  std::string detail;
};

class WitnessClient {
 public:
  struct Options {
    absl::Duration timeout = absl::Seconds(2);
    // Once the quorum is met, how long the others may still take.
    absl::Duration grace = absl::Milliseconds(100);
    // Told when what is to be said of a witness changes, from the thread of that witness. May be empty.
    std::function<void(const WitnessNews& news)> tell = nullptr;
  };

  // InvalidArgument names the witness whose URL this program cannot use. Witnesses without URL are not asked.
  static absl::StatusOr<std::unique_ptr<WitnessClient>> Start(merkle::TlogPolicy policy, Options options);
  // Ends requests under way. Nobody may be in Cosign.
  ~WitnessClient();

  // What the witnesses answered by the time that all have, or the quorum is met and `grace` is over, or `timeout` is.
  // The request's `prove` may be called until the client is destroyed. One call at a time.
  std::vector<merkle::NoteSignature> Cosign(const ledger::CosignRequest& request);

 private:
  // One call of Cosign.
  struct Round {
    int64_t number = 0;
    ledger::CosignRequest request;
    std::vector<merkle::NoteSignature> signatures;
    size_t answered_count = 0;
  };

  struct Witness {
    merkle::PolicyWitness named;
    std::unique_ptr<WitnessHttp> http;
    // Of its thread.
    int64_t size = 0;  // What it remembers of this log, as far as is known.
    std::string last_news;
    // Under the lock.
    int64_t asked_number = 0;  // Of the last round that it took.
    bool asking = false;
    std::thread thread;
  };

  WitnessClient(merkle::TlogPolicy policy, Options options);
  void Run(Witness& witness);
  // The cosignatures of one witness; none where it gives none, and why is told.
  std::vector<merkle::NoteSignature> Ask(Witness& witness, const ledger::CosignRequest& request);
  void Tell(Witness& witness, WitnessNews::Kind kind, std::string detail);
  bool QuorumMet(const Round& round) const;

  const merkle::TlogPolicy policy_;
  const Options options_;

  std::mutex mutex_;
  std::condition_variable changed_;
  std::shared_ptr<Round> round_;  // The one under way.
  int64_t round_number_ = 0;
  bool stopping_ = false;
  std::vector<std::unique_ptr<Witness>> witnesses_;
};

}  // namespace hattama::server

#endif  // HATTAMA_SERVICES_SERVER_WITNESS_CLIENT_H_
