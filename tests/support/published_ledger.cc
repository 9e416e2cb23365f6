#include "tests/support/published_ledger.h"

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <span>
#include <utility>

#include "google/protobuf/text_format.h"
#include "services/domain/tally.h"
#include "services/wire/event_codec.h"
#include "services/wire/statement.h"
#include "storage/merkle/checkpoint.h"
#include "storage/merkle/frontier.h"
#include "storage/merkle/rfc6962.h"
#include "storage/merkle/tiles.h"
#include "tests/support/trial_keys.h"

namespace hattama::testing {
namespace {

[[noreturn]] void Die(const std::string& what) {
  std::fprintf(stderr, "published ledger: %s\n", what.c_str());
  std::abort();
}

template <typename T>
T OrDie(absl::StatusOr<T> result) {
  if (!result.ok()) Die(result.status().ToString());
  return *std::move(result);
}

std::string Sealed(v1::Submission submission) {
  if (submission.submission_id().empty()) {
    const merkle::Hash digest = merkle::Sha256(submission.SerializeAsString());
    submission.set_submission_id(digest.data(), 16);
  }
  return submission.SerializeAsString();
}

domain::Event EventOf(const std::string& submission) {
  domain::Refusals faults;
  domain::Event event = wire::DecodeSubmission(submission, faults).event;
  if (!faults.empty()) Die(faults.front().field + ": " + faults.front().message);
  return event;
}

}  // namespace

merkle::SigningKey KeyOf(uint8_t byte) {
  merkle::Seed seed;
  seed.fill(byte);
  return merkle::SigningKey::FromSeed(seed);
}

merkle::Hash RootOf(const std::vector<std::string>& records) {
  merkle::Frontier frontier;
  for (const std::string& record : records) frontier.Append(merkle::LeafHash(record));
  return frontier.root();
}

LogFiles PublishRecords(const std::vector<std::string>& records, const std::string& origin,
                        const merkle::SigningKey& log_key) {
  std::map<std::pair<int, int64_t>, merkle::Hash> nodes;
  merkle::Frontier frontier;
  for (const std::string& record : records) {
    frontier.Append(merkle::LeafHash(record), [&nodes](const merkle::Node& node) {
      nodes[{node.level, node.index}] = node.hash;
    });
  }
  LogFiles files;
  const absl::Status written = merkle::WriteTiles(
      0, static_cast<int64_t>(records.size()),
      [&nodes](int level, int64_t index) -> absl::StatusOr<merkle::Hash> {
        return nodes.at({level, index});
      },
      [&records](int64_t index) -> absl::StatusOr<std::string> { return records.at(static_cast<size_t>(index)); },
      [&files](const std::string& path, std::string bytes) {
        files[path] = std::move(bytes);
        return absl::OkStatus();
      });
  if (!written.ok()) Die(written.ToString());
  files["checkpoint"] =
      OrDie(merkle::SignCheckpoint({origin, static_cast<int64_t>(records.size()), frontier.root()}, log_key));
  return files;
}

void WriteFiles(const LogFiles& files, const std::string& folder) {
  for (const auto& [path, bytes] : files) {
    const std::filesystem::path target = std::filesystem::path(folder) / path;
    std::filesystem::create_directories(target.parent_path());
    std::ofstream out(target, std::ios::binary);
    out << bytes;
    if (!out.flush()) Die("cannot write " + target.string());
  }
}

v1::Submission SubmissionOf(const std::string& text) {
  v1::Submission submission;
  if (!google::protobuf::TextFormat::ParseFromString(text, &submission)) Die("no submission: " + text);
  return submission;
}

PublishedLedger::PublishedLedger(std::string origin) : origin_(std::move(origin)) {
  v1::Submission submission;
  v1::LedgerFounded& founded = *submission.mutable_ledger_founded();
  founded.set_origin(origin_);
  founded.set_format_version(1);
  founded.set_authority_public_key(AuthorityKey().public_key().data(), AuthorityKey().public_key().size());
  const std::string bytes = Sealed(submission);
  history_.Apply(NextMicros(), EventOf(bytes));
  Append(bytes, std::nullopt);
}

const merkle::SigningKey& PublishedLedger::LogKey() {
  static const merkle::SigningKey key = KeyOf(0x4c);
  return key;
}

merkle::NoteKey PublishedLedger::log_key() const {
  return OrDie(merkle::MakeNoteKey(origin_, merkle::kNoteEd25519, LogKey().public_key()));
}

wire::SubmissionSignature PublishedLedger::Sign(const std::string& submission, const merkle::SigningKey& key) const {
  const domain::Event event = EventOf(submission);
  const std::string_view view = submission;
  return wire::SignSubmissions(key, {.origin = origin_, .election_id = domain::ElectionOf(event)}, std::span(&view, 1))
      .front();
}

int64_t PublishedLedger::Append(const std::string& submission,
                                const std::optional<wire::SubmissionSignature>& signature) {
  return ForceRecord(wire::EncodeRecord(size(), NextMicros(), submission, signature));
}

int64_t PublishedLedger::ForceRecord(std::string record) {
  records_.push_back(std::move(record));
  return size() - 1;
}

int64_t PublishedLedger::Record(v1::Submission submission, const merkle::SigningKey& key) {
  return RecordBatch({std::move(submission)}, key);
}

int64_t PublishedLedger::RecordBatch(std::vector<v1::Submission> submissions, const merkle::SigningKey& key) {
  if (history_.tree_size() != size()) Die("a record was forced before; nothing more can be admitted");
  std::vector<std::string> sealed;
  for (v1::Submission& submission : submissions) sealed.push_back(Sealed(std::move(submission)));
  const std::vector<std::string_view> views(sealed.begin(), sealed.end());
  const domain::Event first = EventOf(sealed.front());
  const std::vector<wire::SubmissionSignature> signatures =
      wire::SignSubmissions(key, {.origin = origin_, .election_id = domain::ElectionOf(first)}, views);
  const int64_t sequence = size();
  for (size_t i = 0; i < sealed.size(); ++i) {
    const domain::Event event = EventOf(sealed[i]);
    for (const domain::Refusal& refusal : history_.Admit(event, key.public_key())) {
      Die("record " + std::to_string(size()) + ": " + refusal.field + ": " + refusal.message);
    }
    history_.Apply(NextMicros(), event);
    Append(sealed[i], signatures[i]);
  }
  return sequence;
}

std::string PublishedLedger::MakeRecord(v1::Submission submission, const merkle::SigningKey& key) const {
  const std::string sealed = Sealed(std::move(submission));
  return wire::EncodeRecord(size(), NextMicros(), sealed, Sign(sealed, key));
}

int64_t PublishedLedger::Force(v1::Submission submission, const merkle::SigningKey& key) {
  return ForceRecord(MakeRecord(std::move(submission), key));
}

std::string PublishedLedger::StatementAt(const std::string& election_id, const std::string& contest_id,
                                         const domain::View& view, int64_t tree_size) const {
  const domain::Place place = OrDie(domain::Locate(history_, election_id, contest_id, "", tree_size));
  const domain::ResolvedView resolved = OrDie(domain::ResolveView(*place.election, view));
  const merkle::Hash root = RootOf({records_.begin(), records_.begin() + tree_size});
  return OrDie(wire::MakeStatement(place, resolved, origin_, root,
                                   [this](int64_t sequence) -> absl::StatusOr<merkle::Hash> {
                                     return merkle::LeafHash(records_.at(static_cast<size_t>(sequence)));
                                   }))
      .text;
}

v1::Submission PublishedLedger::Publication(const std::string& election_id, const std::string& contest_id,
                                            const domain::View& view, int64_t tree_size,
                                            std::optional<std::string> statement) const {
  if (!statement.has_value()) statement = StatementAt(election_id, contest_id, view, tree_size);
  v1::Submission submission;
  v1::TallyPublished& published = *submission.mutable_tally_published();
  published.set_election_id(election_id);
  published.set_contest_id(contest_id);
  published.mutable_view()->set_source_id(view.source_id);
  published.mutable_view()->set_policy(static_cast<v1::Policy>(view.policy));
  published.mutable_view()->set_basis(v1::BASIS_STATIONS);
  published.mutable_view()->set_excluding_contested(view.excluding_contested);
  published.set_tree_size(tree_size);
  const merkle::Hash digest = merkle::Sha256(*statement);
  published.set_digest(digest.data(), digest.size());
  published.set_statement(*std::move(statement));
  return submission;
}

}  // namespace hattama::testing
