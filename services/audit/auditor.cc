#include "services/audit/auditor.h"

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <tuple>
#include <utility>
#include <variant>
#include <vector>

#include "absl/container/flat_hash_set.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "services/audit/chunk.h"
#include "services/audit/log_tree.h"
#include "services/audit/record_check.h"
#include "services/audit/tally_check.h"
#include "services/domain/history.h"
#include "services/domain/key_book.h"
#include "storage/merkle/hex.h"
#include "storage/merkle/rfc6962.h"

namespace hattama::audit {
namespace {

using merkle::HexOf;

// Records that differ from their tiles and are tried against the checkpoint in their place.
constexpr size_t kSubstitutesMax = 1'000;
constexpr int kThreadCountMax = 256;
// Chunks in flight for each thread: enough that none waits for the fold, few enough to stay small.
constexpr int64_t kChunksPerThread = 4;

// Whether a refusal is about what a key may do, or about what the event is.
bool IsAboutRights(domain::RefusalReason reason) {
  switch (reason) {
    case domain::RefusalReason::kKeyNotGranted:
    case domain::RefusalReason::kKeyRevoked:
    case domain::RefusalReason::kRoleNotAdmitted:
    case domain::RefusalReason::kSourceOutsideGrant:
    case domain::RefusalReason::kContestOutsideGrant:
    case domain::RefusalReason::kStageOutsideGrant:
    case domain::RefusalReason::kUnitOutsideGrant:
      return true;
    default:
      return false;
  }
}

// Reads chunks on several threads and hands them out in order.
class ChunkReader {
 public:
  ChunkReader(LogSource& source, std::string origin, int64_t tree_size, int thread_count)
      : source_(source),
        origin_(std::move(origin)),
        tree_size_(tree_size),
        chunk_count_(tree_size / merkle::kTileWidth + (tree_size % merkle::kTileWidth != 0 ? 1 : 0)),
        slots_(static_cast<size_t>(std::min(chunk_count_, thread_count * kChunksPerThread))) {
    const int64_t useful = std::min<int64_t>(thread_count, chunk_count_);
    for (int64_t i = 0; i < useful; ++i) threads_.emplace_back([this] { Run(); });
  }
  ~ChunkReader() { Stop(); }

  int64_t chunk_count() const { return chunk_count_; }

  // The next chunk, which stays until Done. To be called chunk_count() times at most.
  const Chunk& Next() {
    std::unique_lock lock(mutex_);
    Slot& slot = SlotOf(taken_);
    changed_.wait(lock, [&slot] { return slot.ready; });
    return slot.chunk;
  }
  // The chunk is no longer needed.
  void Done() {
    std::lock_guard lock(mutex_);
    SlotOf(taken_).ready = false;
    ++taken_;
    changed_.notify_all();
  }
  // Ends the threads. Returns how many signatures they verified.
  int64_t Stop() {
    {
      std::lock_guard lock(mutex_);
      stopped_ = true;
      changed_.notify_all();
    }
    for (std::thread& thread : threads_) thread.join();
    threads_.clear();
    return verification_count_;
  }

 private:
  struct Slot {
    Chunk chunk;
    bool ready = false;
  };
  Slot& SlotOf(int64_t index) { return slots_[static_cast<size_t>(index) % slots_.size()]; }

  void Run() {
    RecordChecker checker(origin_, &batches_);
    std::unique_lock lock(mutex_);
    while (true) {
      changed_.wait(lock, [this] {
        return stopped_ || started_ == chunk_count_ || started_ < taken_ + static_cast<int64_t>(slots_.size());
      });
      if (stopped_ || started_ == chunk_count_) break;
      const int64_t index = started_++;
      Slot& slot = SlotOf(index);
      lock.unlock();
      ReadChunk(source_, index, tree_size_, checker, slot.chunk);
      lock.lock();
      slot.ready = true;
      changed_.notify_all();
    }
    verification_count_ += checker.verification_count();
  }

  LogSource& source_;
  const std::string origin_;
  const int64_t tree_size_;
  const int64_t chunk_count_;
  VerifiedBatches batches_;

  std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<Slot> slots_;  // A ring: chunk i is in slot i modulo its size.
  int64_t started_ = 0;
  int64_t taken_ = 0;
  bool stopped_ = false;
  int64_t verification_count_ = 0;
  std::vector<std::thread> threads_;
};

// One audit. The steps run in the order of Run(); each leaves behind what the next needs.
class AuditRun {
 public:
  AuditRun(LogSource& source, const AuditOptions& options) : source_(source), options_(options) {
    thread_count_ =
        options.thread_count > 0 ? options.thread_count : static_cast<int>(std::thread::hardware_concurrency());
    thread_count_ = std::clamp(thread_count_, 1, kThreadCountMax);
  }

  absl::StatusOr<Report> Run() {
    if (absl::Status status = ReadCheckpoint(); !status.ok()) return status;
    if (believed_) {
      if (absl::Status status = ReadRecords(); !status.ok()) return status;
      if (absl::Status status = CheckUpperTiles(); !status.ok()) return status;
      if (absl::Status status = CheckOtherFiles(); !status.ok()) return status;
      CheckRoot();
      CheckConsistency();
      CheckTallies();
      CheckAttestations();
    }
    return Finish();
  }

 private:
  void Add(Fault fault) {
    ++report_.counts[static_cast<size_t>(fault.step)].faults;
    std::vector<Fault>& listed = faults_[fault.step];
    if (listed.size() < static_cast<size_t>(kFaultsListedMax)) listed.push_back(std::move(fault));
  }
  void AddToFile(Step step, std::string path, std::string message) {
    Add({.step = step, .path = std::move(path), .sequence = {}, .message = std::move(message)});
  }
  void AddToRecord(Step step, int64_t sequence, std::string message) {
    Add({.step = step, .path = {}, .sequence = sequence, .message = std::move(message)});
  }
  int64_t& checked(Step step) { return report_.counts[static_cast<size_t>(step)].checked; }
  bool HasFaults(Step step) const { return report_.count(step).faults > 0; }

  // Step 1.
  absl::Status ReadCheckpoint();
  // Steps 3 and 5 to 8, and the lowest level of step 4.
  absl::Status ReadRecords();
  absl::StatusOr<std::string> FindOrigin();
  void TakeFiles(const Chunk& chunk);
  void TakeRecord(int64_t sequence, const CheckedRecord& record);
  void Fold(int64_t sequence, const CheckedRecord& record);
  // The rest of step 4.
  absl::Status CheckUpperTiles();
  absl::Status CheckOtherFiles();
  void CheckRoot();
  // Step 2.
  void CheckConsistency();
  // Steps 9 and 10.
  void CheckTallies();
  void CheckAttestations();
  Report Finish();

  LogSource& source_;
  const AuditOptions& options_;
  int thread_count_ = 1;
  Report report_;
  std::map<Step, std::vector<Fault>> faults_;
  bool believed_ = false;

  LogTree tree_;
  bool tree_whole_ = true;  // False where neither bundle nor tile says what some leaf is.
  bool root_holds_ = false;
  // Where a record is not what its tile says: the tile's hash, by sequence.
  std::map<int64_t, merkle::Hash> substitutes_;
  bool substitutes_whole_ = true;  // False where there were too many, or records whose tile says nothing.

  domain::History history_;
  bool folding_ = true;
  int64_t last_time_micros_ = INT64_MIN;
  absl::flat_hash_set<wire::SubmissionId> submission_ids_;
  struct Attestation {
    int64_t sequence = 0;
    domain::PublicKey auditor{};
    domain::AuditorAttested event;
  };
  std::vector<Attestation> attestations_;
};

absl::Status AuditRun::ReadCheckpoint() {
  const absl::StatusOr<std::string> note = source_.FetchCheckpoint();
  if (!note.ok()) {
    if (IsUnreachable(note.status())) return note.status();
    AddToFile(Step::kNote, "checkpoint", std::string(note.status().message()));
    return absl::OkStatus();
  }
  checked(Step::kNote) = 1;
  report_.checkpoint_note = *note;
  const absl::StatusOr<merkle::Checkpoint> checkpoint = options_.verify_checkpoint(*note);
  if (!checkpoint.ok()) {
    // What it claims is told, and nothing is built on it.
    if (const auto claimed = merkle::ParseSignedCheckpoint(*note); claimed.ok()) {
      report_.checkpoint = claimed->checkpoint;
    }
    AddToFile(Step::kNote, "checkpoint", std::string(checkpoint.status().message()));
    return absl::OkStatus();
  }
  report_.checkpoint = *checkpoint;
  believed_ = true;
  return absl::OkStatus();
}

absl::StatusOr<std::string> AuditRun::FindOrigin() {
  // The founding record names the origin over which everything is signed. Where it does not, the checkpoint's stands
  // in.
  RecordChecker checker(report_.checkpoint.origin, nullptr);
  const int64_t width = std::min<int64_t>(report_.checkpoint.tree_size, merkle::kTileWidth);
  const absl::StatusOr<Fetched> bundle = FetchTile(source_, {merkle::kEntriesLevel, 0, static_cast<int>(width)});
  if (!bundle.ok()) {
    if (IsUnreachable(bundle.status())) return bundle.status();
    return report_.checkpoint.origin;
  }
  const std::string& bytes = bundle->bytes;
  if (bytes.size() < 2) return report_.checkpoint.origin;
  const size_t length = static_cast<size_t>(static_cast<uint8_t>(bytes[0])) << 8 | static_cast<uint8_t>(bytes[1]);
  domain::Refusals faults;
  const absl::StatusOr<wire::DecodedRecord> record = wire::DecodeRecord(std::string_view(bytes).substr(2, length));
  if (!record.ok()) return report_.checkpoint.origin;
  const domain::Event event = wire::DecodeSubmission(record->submission, faults).event;
  const auto* founded = std::get_if<domain::LedgerFounded>(&event);
  return founded != nullptr && faults.empty() ? founded->origin : report_.checkpoint.origin;
}

absl::Status AuditRun::ReadRecords() {
  const int64_t tree_size = report_.checkpoint.tree_size;
  if (tree_size == 0) {
    if (options_.authority.has_value()) {
      AddToFile(Step::kRecords, "checkpoint", "the log is empty: nothing founds it, and no authority is named");
    }
    return absl::OkStatus();
  }
  const absl::StatusOr<std::string> origin = FindOrigin();
  if (!origin.ok()) return origin.status();
  ChunkReader reader(source_, *origin, tree_size, thread_count_);
  for (int64_t i = 0; i < reader.chunk_count() && tree_whole_; ++i) {
    const Chunk& chunk = reader.Next();
    if (!chunk.unreachable.ok()) return chunk.unreachable;
    TakeFiles(chunk);
    for (size_t k = 0; k < chunk.record_hashes.size(); ++k) {
      TakeRecord(chunk.first_sequence + static_cast<int64_t>(k), chunk.records[k]);
    }
    if (chunk.record_hashes.size() < static_cast<size_t>(chunk.width)) folding_ = false;
    reader.Done();
    if (options_.progress) options_.progress(std::min(tree_size, (i + 1) * merkle::kTileWidth), tree_size);
  }
  report_.verification_count = reader.Stop();
  return absl::OkStatus();
}

void AuditRun::TakeFiles(const Chunk& chunk) {
  checked(Step::kBundles) += chunk.files_checked[0];
  checked(Step::kTiles) += chunk.files_checked[1];
  for (const Fault& fault : chunk.faults) Add(fault);
  for (int i = 0; i < chunk.width; ++i) {
    const int64_t sequence = chunk.first_sequence + i;
    const size_t at = static_cast<size_t>(i);
    const bool recorded = at < chunk.record_hashes.size();
    const bool in_tile = at < chunk.tile_hashes.size();
    if (!recorded && !in_tile) {
      AddToFile(
          Step::kBundles, chunk.bundle_path,
          absl::StrCat("what record ", sequence, " is, neither it nor ", chunk.tile_path, " says: the ", tree_.size(),
                       " records before are all that can be audited of ", report_.checkpoint.tree_size));
      tree_whole_ = false;
      return;
    }
    tree_.Append(recorded ? chunk.record_hashes[at] : chunk.tile_hashes[at]);
    if (!recorded) continue;
    if (!in_tile) {
      substitutes_whole_ = false;
    } else if (chunk.record_hashes[at] != chunk.tile_hashes[at]) {
      if (substitutes_.size() < kSubstitutesMax) {
        substitutes_.emplace(sequence, chunk.tile_hashes[at]);
      } else {
        substitutes_whole_ = false;
      }
    }
  }
}

void AuditRun::TakeRecord(int64_t sequence, const CheckedRecord& record) {
  ++checked(Step::kRecords);
  if (record.signer.has_value()) ++checked(Step::kSignatures);
  for (const Fault& fault : record.faults) Add(fault);
  if (!record.usable) {
    folding_ = false;  // What follows may rest on it.
    return;
  }
  if (!submission_ids_.insert(record.submission.submission_id).second) {
    AddToRecord(Step::kRecords, sequence,
                absl::StrCat("an earlier record has the submission id ", HexOf(record.submission.submission_id)));
  }
  if (record.time_micros < last_time_micros_) {
    AddToRecord(Step::kRecords, sequence,
                absl::StrCat("its time is ", last_time_micros_ - record.time_micros,
                             " microseconds before that of an earlier record"));
  }
  last_time_micros_ = std::max(last_time_micros_, record.time_micros);
  if (folding_) Fold(sequence, record);
}

void AuditRun::Fold(int64_t sequence, const CheckedRecord& record) {
  const domain::Event& event = record.submission.event;
  ++checked(Step::kAdmission);
  if (record.signer.has_value()) ++checked(Step::kRights);
  // A founding event is signed by nobody, and a record that should be signed and is not was told already.
  const bool judged = sequence > 0 && record.signer.has_value();
  const domain::Refusals refusals = judged ? history_.Admit(event, *record.signer) : history_.Check(event);
  for (const domain::Refusal& refusal : refusals) {
    const bool rights = IsAboutRights(refusal.reason);
    AddToRecord(
        rights ? Step::kRights : Step::kAdmission, sequence,
        absl::StrCat(domain::Text(domain::RefusalReasonName(refusal.reason)), ": ",
                     refusal.field.empty() || rights ? "" : absl::StrCat(refusal.field, ": "), refusal.message));
    // A key that may not say something can say it; an event that makes no sense cannot be folded, nor what follows.
    folding_ &= rights;
  }
  if (!folding_) return;
  if (const auto* founded = std::get_if<domain::LedgerFounded>(&event)) {
    if (founded->origin != report_.checkpoint.origin) {
      AddToRecord(Step::kRecords, sequence,
                  absl::StrCat("founds the ledger \"", absl::Utf8SafeCHexEscape(founded->origin),
                               "\", and the checkpoint is of \"", report_.checkpoint.origin, "\""));
    }
    if (options_.authority.has_value() && founded->authority != *options_.authority) {
      AddToRecord(Step::kRights, sequence,
                  absl::StrCat("names ", HexOf(founded->authority), " as the authority's key; it is known to be ",
                               HexOf(*options_.authority)));
    }
  } else if (const auto* attested = std::get_if<domain::AuditorAttested>(&event)) {
    attestations_.push_back({sequence, record.signer.value_or(domain::PublicKey{}), *attested});
  }
  history_.Apply(last_time_micros_, event);
}

absl::Status AuditRun::CheckUpperTiles() {
  if (!tree_whole_ || !source_.has_tiles()) return absl::OkStatus();
  for (int level = 1; !tree_.Level(level).empty(); ++level) {
    const std::span<const merkle::Hash> hashes = tree_.Level(level);
    for (size_t begin = 0; begin < hashes.size(); begin += merkle::kTileWidth) {
      const size_t width = std::min<size_t>(merkle::kTileWidth, hashes.size() - begin);
      const merkle::TileAddress address{level, static_cast<int64_t>(begin / merkle::kTileWidth),
                                        static_cast<int>(width)};
      const std::string path = merkle::PathOf(address);
      const absl::StatusOr<Fetched> tile = FetchTile(source_, address);
      if (!tile.ok()) {
        if (IsUnreachable(tile.status())) return tile.status();
        AddToFile(Step::kTiles, path, std::string(tile.status().message()));
        continue;
      }
      ++checked(Step::kTiles);
      const absl::StatusOr<std::vector<merkle::Hash>> found = HashesOf(*tile, static_cast<int>(width));
      if (!found.ok()) {
        AddToFile(Step::kTiles, path, std::string(found.status().message()));
        continue;
      }
      for (size_t i = 0; i < width; ++i) {
        if ((*found)[i] == hashes[begin + i]) continue;
        AddToFile(Step::kTiles, path,
                  absl::StrCat("hash ", i, " is ", HexOf((*found)[i]), "; the records below it give ",
                               HexOf(hashes[begin + i])));
        break;
      }
    }
  }
  return absl::OkStatus();
}

absl::Status AuditRun::CheckOtherFiles() {
  if (!tree_whole_ || !source_.has_tiles()) return absl::OkStatus();
  absl::StatusOr<std::vector<merkle::TileAddress>> files = source_.List();
  if (!files.ok()) {
    if (IsUnreachable(files.status())) return files.status();
    AddToFile(Step::kTiles, "tile", std::string(files.status().message()));
    return absl::OkStatus();
  }
  std::sort(files->begin(), files->end(), [](const merkle::TileAddress& a, const merkle::TileAddress& b) {
    return std::tie(a.level, a.index, a.width) < std::tie(b.level, b.index, b.width);
  });
  for (const merkle::TileAddress& address : *files) {
    const bool entries = address.level == merkle::kEntriesLevel;
    const std::span<const merkle::Hash> hashes = tree_.Level(entries ? 0 : address.level);
    if (address.index >= static_cast<int64_t>(hashes.size()) / merkle::kTileWidth + 1) continue;
    const size_t begin = static_cast<size_t>(address.index) * merkle::kTileWidth;
    const size_t width = std::min<size_t>(merkle::kTileWidth, hashes.size() - std::min(begin, hashes.size()));
    // Those that the checkpoint needs were read; those beyond it say nothing of it.
    if (static_cast<size_t>(address.width) >= width) continue;
    const Step step = entries ? Step::kBundles : Step::kTiles;
    const std::string path = merkle::PathOf(address);
    const absl::StatusOr<std::string> bytes = source_.Fetch(address);
    if (!bytes.ok()) {
      if (IsUnreachable(bytes.status())) return bytes.status();
      AddToFile(step, path, std::string(bytes.status().message()));
      continue;
    }
    ++checked(step);
    std::vector<merkle::Hash> found;
    absl::Status whole;
    if (entries) {
      std::vector<std::string_view> records;
      whole = DivideBundle(*bytes, address.width, /*more_may_follow=*/false, records);
      for (const std::string_view record : records) found.push_back(merkle::LeafHash(record));
    } else if (absl::StatusOr<std::vector<merkle::Hash>> tile = merkle::DecodeTile(*bytes, address.width); tile.ok()) {
      found = *std::move(tile);
    } else {
      whole = tile.status();
    }
    if (!whole.ok()) {
      AddToFile(step, path, std::string(whole.message()));
      continue;
    }
    const auto differing = std::mismatch(found.begin(), found.end(), hashes.begin() + static_cast<int64_t>(begin));
    if (differing.first == found.end()) continue;
    AddToFile(step, path,
              absl::StrCat("is of an earlier size and says otherwise: hash ", differing.first - found.begin(), " is ",
                           HexOf(*differing.first), ", that of the log is ", HexOf(*differing.second)));
  }
  return absl::OkStatus();
}

void AuditRun::CheckRoot() {
  if (!tree_whole_) return;
  const merkle::Checkpoint& checkpoint = report_.checkpoint;
  merkle::Hash root = *tree_.RootAt(tree_.size());
  root_holds_ = root == checkpoint.root;
  // Where records and tiles differ, the checkpoint says which of them is wrong.
  bool tiles_hold = false;
  if (!root_holds_ && substitutes_whole_ && !substitutes_.empty()) {
    LogTree by_tiles = tree_;
    for (const auto& [sequence, hash] : substitutes_) by_tiles.Replace(sequence, hash);
    tiles_hold = *by_tiles.RootAt(by_tiles.size()) == checkpoint.root;
  }
  for (const auto& [sequence, hash] : substitutes_) {
    const int64_t bundle = sequence / merkle::kTileWidth;
    const int width =
        static_cast<int>(std::min<int64_t>(merkle::kTileWidth, checkpoint.tree_size - bundle * merkle::kTileWidth));
    if (tiles_hold) {
      Add({.step = Step::kBundles,
           .path = merkle::EntriesPath(bundle, width),
           .sequence = sequence,
           .message = absl::StrCat("is not the record that the checkpoint covers: its leaf hash is ",
                                   HexOf(tree_.leaf(sequence)), ", the checkpoint's is ", HexOf(hash))});
    } else {
      Add({.step = Step::kTiles,
           .path = merkle::TilePath(0, bundle, width),
           .sequence = sequence,
           .message = absl::StrCat("the tile has the leaf hash ", HexOf(hash), "; that of the record is ",
                                   HexOf(tree_.leaf(sequence)))});
    }
  }
  if (!root_holds_) {
    AddToFile(Step::kTiles, "checkpoint",
              absl::StrCat("the root over ", tree_.size(), " records is ", HexOf(root), "; the checkpoint's is ",
                           HexOf(checkpoint.root)));
  }
}

void AuditRun::CheckConsistency() {
  if (!options_.standing_alarm.empty()) AddToFile(Step::kConsistency, "checkpoint", options_.standing_alarm);
  if (!options_.kept.has_value()) return;
  const merkle::Checkpoint& kept = *options_.kept;
  const merkle::Checkpoint& now = report_.checkpoint;
  checked(Step::kConsistency) = 1;
  if (kept.origin != now.origin) {
    AddToFile(Step::kConsistency, "checkpoint",
              absl::StrCat("is of \"", now.origin, "\"; the one kept is of \"", kept.origin, "\""));
    return;
  }
  if (now.tree_size < kept.tree_size) {
    report_.other_history = true;
    AddToFile(Step::kConsistency, "checkpoint",
              absl::StrCat("is of ", now.tree_size, " records; the one kept is of ", kept.tree_size,
                           ": the log was rolled back"));
    return;
  }
  const auto differs = [&](const merkle::Hash& root) {
    AddToFile(Step::kConsistency, "checkpoint",
              absl::StrCat("the root over the first ", kept.tree_size, " records is ", HexOf(root),
                           "; in the checkpoint kept it was ", HexOf(kept.root), ": the log has another history"));
    report_.other_history = true;
  };
  if (now.tree_size == kept.tree_size) {
    if (now.root != kept.root) differs(now.root);
    return;
  }
  // The same root as the checkpoint's over all records makes the root over the first of them the log's own word.
  if (!root_holds_) {
    AddToFile(Step::kConsistency, "checkpoint",
              absl::StrCat("whether it extends the one kept, of ", kept.tree_size,
                           " records, cannot be told, because the records do not lead to its root"));
    return;
  }
  if (const merkle::Hash root = *tree_.RootAt(kept.tree_size); root != kept.root) differs(root);
}

void AuditRun::CheckTallies() {
  const std::vector<domain::Publication>& publications = history_.publications();
  std::vector<TallyReport> reports(publications.size());
  std::atomic<size_t> next = 0;
  const auto work = [&] {
    for (size_t i = next++; i < publications.size(); i = next++) {
      reports[i] = CheckPublication(history_, tree_, publications[i]);
    }
  };
  std::vector<std::thread> threads;
  for (int i = 1; i < std::min<int>(thread_count_, static_cast<int>(publications.size())); ++i) {
    threads.emplace_back(work);
  }
  work();
  for (std::thread& thread : threads) thread.join();
  for (TallyReport& tally : reports) {
    ++checked(Step::kTallies);
    if (!tally.confirmed()) {
      std::string message = absl::StrCat("the tally of contest ", tally.contest_id, " of ", tally.election_id,
                                         " at version ", tally.tree_size, " is not the one that the log gives");
      for (const std::string& line : tally.differences) absl::StrAppend(&message, "; ", line);
      for (const std::string& sentence : tally.explanations) absl::StrAppend(&message, "; explained by ", sentence);
      if (tally.explanations.empty()) absl::StrAppend(&message, "; no one or two stations explain it");
      AddToRecord(Step::kTallies, tally.sequence, std::move(message));
    }
    report_.tallies.push_back(std::move(tally));
  }
}

void AuditRun::CheckAttestations() {
  for (const Attestation& attestation : attestations_) {
    ++checked(Step::kAttestations);
    const domain::AuditorAttested& event = attestation.event;
    const absl::StatusOr<merkle::Hash> root = tree_.RootAt(event.tree_size);
    const bool holds = root.ok() && *root == event.root;
    if (!holds) {
      AddToRecord(Step::kAttestations, attestation.sequence,
                  absl::StrCat("attests the root ", HexOf(event.root), " at version ", event.tree_size,
                               "; the log's is ", root.ok() ? HexOf(*root) : std::string(root.status().message())));
    }
    report_.attestations.push_back({.sequence = attestation.sequence,
                                    .auditor = attestation.auditor,
                                    .tree_size = event.tree_size,
                                    .verdict = event.verdict,
                                    .root_holds = holds});
  }
}

Report AuditRun::Finish() {
  report_.folded_count = history_.tree_size();
  bool faultless = true;
  for (auto& [step, faults] : faults_) {
    faultless = false;
    std::move(faults.begin(), faults.end(), std::back_inserter(report_.faults));
  }
  report_.confirmed = faultless && believed_ && report_.folded_count == report_.checkpoint.tree_size;
  return std::move(report_);
}

}  // namespace

CheckpointVerifier BelieveKey(merkle::NoteKey key) {
  return [key = std::move(key)](std::string_view note) { return merkle::OpenCheckpoint(note, std::span(&key, 1)); };
}

CheckpointVerifier BelievePolicy(merkle::TlogPolicy policy) {
  return [policy = std::make_shared<const merkle::TlogPolicy>(std::move(policy))](
             std::string_view note) -> absl::StatusOr<merkle::Checkpoint> {
    absl::StatusOr<merkle::PolicyVerdict> verdict = policy->Require(note);
    if (!verdict.ok()) return verdict.status();
    return std::move(verdict->checkpoint);
  };
}

absl::StatusOr<Report> Audit(LogSource& source, const AuditOptions& options) { return AuditRun(source, options).Run(); }

}  // namespace hattama::audit
