// Writes a published log for other implementations to check, and checks the one that they write.
//
//   published_log write DIR    log.vkey, witness.vkey, checkpoints/<size>, tile/..., proofs/<index>.tlog-proof,
//                              requests/<old>-<new> (add-checkpoint bodies)
//   published_log check DIR    log.vkey, records/<index>, proofs/<index>.tlog-proof, requests/<old>-<new>
//
// Exit 1 with a message where something does not hold.
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

#include "absl/strings/str_cat.h"
#include "storage/merkle/checkpoint.h"
#include "storage/merkle/cosignature.h"
#include "storage/merkle/frontier.h"
#include "storage/merkle/rfc6962.h"
#include "storage/merkle/tiles.h"
#include "storage/merkle/tlog_proof.h"
#include "storage/merkle/verify.h"
#include "storage/merkle/witness.h"

namespace hattama::merkle {
namespace {

namespace fs = std::filesystem;

constexpr char kOrigin[] = "results.example/interop";
constexpr char kWitness[] = "witness.example/w1";
constexpr int64_t kTimeSeconds = 1'767'225'600;
// On both sides of each edge between tiles, and with a tile at level 2 in the end.
constexpr int64_t kSizes[] = {0, 1, 2, 255, 256, 257, 1'000, 65'535, 65'536, 66'400};

[[noreturn]] void Fail(const std::string& what) {
  std::cerr << "published_log: " << what << std::endl;
  std::exit(1);
}

template <typename T>
T Take(absl::StatusOr<T> result, const std::string& what) {
  if (!result.ok()) Fail(absl::StrCat(what, ": ", result.status().ToString()));
  return *std::move(result);
}

void Require(const absl::Status& status, const std::string& what) {
  if (!status.ok()) Fail(absl::StrCat(what, ": ", status.ToString()));
}

void Put(const fs::path& path, const std::string& bytes) {
  fs::create_directories(path.parent_path());
  std::ofstream file(path, std::ios::binary);
  file << bytes;
  if (!file.flush()) Fail(absl::StrCat("cannot write ", path.string()));
}

std::string Get(const fs::path& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) Fail(absl::StrCat("cannot read ", path.string()));
  return {std::istreambuf_iterator<char>(file), {}};
}

std::string FirstLine(const fs::path& path) {
  const std::string text = Get(path);
  return text.substr(0, text.find('\n'));
}

SigningKey KeyOf(uint8_t number) {
  Seed seed;
  seed.fill(number);
  return SigningKey::FromSeed(seed);
}

// Bytes of every value and of lengths from 0 to a hundred, and one record of the largest length a bundle takes.
std::string Record(int64_t index) {
  if (index == 300) return std::string(kBundleEntryBytesMax, '\xff');
  std::string record;
  uint64_t state = static_cast<uint64_t>(index) * 0x9e3779b97f4a7c15 + 1;
  for (int64_t i = index % 101; i > 0; --i) {
    state = state * 6364136223846793005 + 1442695040888963407;
    record.push_back(static_cast<char>(state >> 56));
  }
  return record;
}

void Write(const fs::path& folder) {
  const int64_t size_max = *std::rbegin(kSizes);
  std::vector<std::vector<Hash>> nodes;
  std::vector<Hash> roots;
  Frontier frontier;
  roots.push_back(frontier.root());
  for (int64_t i = 0; i < size_max; ++i) {
    frontier.Append(LeafHash(Record(i)), [&](const Node& node) {
      if (nodes.size() <= static_cast<size_t>(node.level)) nodes.emplace_back();
      nodes[node.level].push_back(node.hash);
    });
    roots.push_back(frontier.root());
  }
  const NodeReader read = [&](int level, int64_t index) -> absl::StatusOr<Hash> { return nodes.at(level).at(index); };
  const SigningKey log_key = KeyOf(1);
  const SigningKey witness_key = KeyOf(2);
  const auto vkey = [](const char* name, uint8_t type, const SigningKey& key) {
    return FormatVerifierKey(Take(MakeNoteKey(name, type, key.public_key()), name)) + "\n";
  };
  Put(folder / "log.vkey", vkey(kOrigin, kNoteEd25519, log_key));
  Put(folder / "witness.vkey", vkey(kWitness, kNoteCosignature, witness_key));

  int64_t old_size = 0;
  std::string note;
  for (const int64_t size : kSizes) {
    Require(WriteTiles(
                old_size, size, read, [](int64_t index) -> absl::StatusOr<std::string> { return Record(index); },
                [&](const std::string& path, std::string bytes) {
                  Put(folder / path, bytes);
                  return absl::OkStatus();
                }),
            absl::StrCat("tiles of ", size));
    const std::string by_log = Take(SignCheckpoint({kOrigin, size, roots[size]}, log_key), "signing");
    Note cosigned = Take(ParseNote(by_log), "the note");
    cosigned.signatures.push_back(
        Take(CosignCheckpoint(cosigned.text, witness_key, kWitness, kTimeSeconds), "cosigning"));
    note = FormatNote(cosigned);
    Put(folder / "checkpoints" / absl::StrCat(size), note);
    for (const int64_t first : kSizes) {
      if (first > size) break;
      const std::vector<Hash> proof = Take(ConsistencyProof(first, size, read), "proving consistency");
      Put(folder / "requests" / absl::StrCat(first, "-", size),
          Take(FormatAddCheckpoint(first, proof, by_log), "a request"));
    }
    old_size = size;
  }
  for (int64_t index = 0; index < size_max; index += 1 + index % 977) {
    TlogProof proof;
    if (index % 2 == 0) proof.extra = Record(index);
    proof.index = index;
    proof.hashes = Take(InclusionProof(index, size_max, read), "proving inclusion");
    proof.checkpoint_note = note;
    Put(folder / "proofs" / absl::StrCat(index, ".tlog-proof"), FormatTlogProof(proof));
  }
}

void Check(const fs::path& folder) {
  const std::vector<NoteKey> keys = {Take(ParseVerifierKey(FirstLine(folder / "log.vkey")), "log.vkey")};
  int checked = 0;
  for (const auto& entry : fs::directory_iterator(folder / "proofs")) {
    const std::string where = entry.path().string();
    const TlogProof proof = Take(ParseTlogProof(Get(entry.path())), where);
    const std::string record = Get(folder / "records" / absl::StrCat(proof.index));
    Take(VerifyTlogProof(proof, LeafHash(record), keys, keys.front().name), where);
    if (VerifyTlogProof(proof, LeafHash(record + "x"), keys, keys.front().name).ok()) Fail(where + " proves anything");
    ++checked;
  }
  for (const auto& entry : fs::directory_iterator(folder / "requests")) {
    const std::string where = entry.path().string();
    const AddCheckpointRequest request = Take(ParseAddCheckpoint(Get(entry.path())), where);
    Take(VerifyNote(request.note, keys), where);
    // The old root is that of the request which ends at the old size.
    const AddCheckpointRequest old =
        Take(ParseAddCheckpoint(Get(folder / "requests" / absl::StrCat("0-", request.old_size))), where);
    Require(VerifyConsistency(request.old_size, request.checkpoint.tree_size, request.proof, old.checkpoint.root,
                              request.checkpoint.root),
            where);
    ++checked;
  }
  if (checked < 50) Fail(absl::StrCat("only ", checked, " files to check"));
  std::cout << "published_log: " << checked << " proofs of the other implementation hold" << std::endl;
}

}  // namespace
}  // namespace hattama::merkle

int main(int argc, char** argv) {
  const std::string verb = argc == 3 ? argv[1] : "";
  if (verb == "write") {
    hattama::merkle::Write(argv[2]);
  } else if (verb == "check") {
    hattama::merkle::Check(argv[2]);
  } else {
    std::cerr << "usage: published_log write|check DIR" << std::endl;
    return 2;
  }
}
