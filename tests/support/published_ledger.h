// A ledger as it is published, built record by record in memory: what its log holds, under whose signatures, and the
// files that a server would put out. Nothing is checked unless a test asks for it, so that it can also be a liar's.
#ifndef HATTAMA_TESTS_SUPPORT_PUBLISHED_LEDGER_H_
#define HATTAMA_TESTS_SUPPORT_PUBLISHED_LEDGER_H_

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "hattama/v1/record.pb.h"
#include "services/domain/history.h"
#include "services/domain/view.h"
#include "services/wire/signature_codec.h"
#include "storage/merkle/ed25519.h"
#include "storage/merkle/signed_note.h"

namespace hattama::testing {

// Files of a published log by path.
using LogFiles = std::map<std::string, std::string>;

// The key made of 32 equal bytes.
merkle::SigningKey KeyOf(uint8_t byte);

// The root over records.
merkle::Hash RootOf(const std::vector<std::string>& records);

// Checkpoint, tiles and bundles of a log with these records, signed by `log_key` under `origin`.
LogFiles PublishRecords(const std::vector<std::string>& records, const std::string& origin,
                        const merkle::SigningKey& log_key);
// The same in a folder, which is made where it is not there.
void WriteFiles(const LogFiles& files, const std::string& folder);

// A submission in protobuf's text format. Ends the program where it is none.
v1::Submission SubmissionOf(const std::string& text);

class PublishedLedger {
 public:
  static constexpr char kOrigin[] = "test.hattama.example/published";
  static constexpr int64_t kStartMicros = 1'700'000'000'000'000;

  // Founded by AuthorityKey of trial_keys.h.
  explicit PublishedLedger(std::string origin = kOrigin);

  const std::string& origin() const { return origin_; }
  static const merkle::SigningKey& LogKey();
  merkle::NoteKey log_key() const;

  // How many records there are: the sequence of the next.
  int64_t size() const { return static_cast<int64_t>(records_.size()); }
  const std::vector<std::string>& records() const { return records_; }
  const domain::History& history() const { return history_; }

  // Signs and appends a submission that the ledger must admit; ends the program with the refusals where it does not.
  // Without an id it gets one that is a digest of its bytes. Returns the sequence.
  int64_t Record(v1::Submission submission, const merkle::SigningKey& key);
  // The same under one signature. Returns the sequence of the first.
  int64_t RecordBatch(std::vector<v1::Submission> submissions, const merkle::SigningKey& key);

  // Appends without asking whether it may be: from here on the ledger is not folded.
  int64_t Force(v1::Submission submission, const merkle::SigningKey& key);
  int64_t ForceRecord(std::string record);
  // The record that Force would append next.
  std::string MakeRecord(v1::Submission submission, const merkle::SigningKey& key) const;

  // The canonical statement of a tally.
  std::string StatementAt(const std::string& election_id, const std::string& contest_id, const domain::View& view,
                          int64_t tree_size) const;
  // The event that publishes `statement`, or what StatementAt gives.
  v1::Submission Publication(const std::string& election_id, const std::string& contest_id, const domain::View& view,
                             int64_t tree_size, std::optional<std::string> statement = {}) const;

  LogFiles Publish() const { return PublishRecords(records_, origin_, LogKey()); }

 private:
  wire::SubmissionSignature Sign(const std::string& submission, const merkle::SigningKey& key) const;
  int64_t Append(const std::string& submission, const std::optional<wire::SubmissionSignature>& signature);
  int64_t NextMicros() const { return kStartMicros + size() * 1'000'000; }

  std::string origin_;
  std::vector<std::string> records_;
  domain::History history_;
};

}  // namespace hattama::testing

#endif  // HATTAMA_TESTS_SUPPORT_PUBLISHED_LEDGER_H_
