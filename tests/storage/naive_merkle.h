// RFC 6962 section 2.1 word for word: recursive, over all leaves, and slow. What the tests measure the storage rooms
// against, so it takes nothing from them but the hash type and SHA-256.
#ifndef HATTAMA_TESTS_STORAGE_NAIVE_MERKLE_H_
#define HATTAMA_TESTS_STORAGE_NAIVE_MERKLE_H_

#include <cstddef>
#include <string>
#include <vector>

#include "absl/strings/escaping.h"
#include "storage/merkle/sha256.h"

namespace hattama::testing {

// D[n], the list of entries.
using Entries = std::vector<std::string>;

inline std::string Bytes(const merkle::Hash& hash) { return std::string(hash.begin(), hash.end()); }

// For messages: a byte array of 32 numbers says nothing to a reader.
inline std::string Hex(const merkle::Hash& hash) { return absl::BytesToHexString(Bytes(hash)); }

inline std::vector<std::string> Hex(const std::vector<merkle::Hash>& hashes) {
  std::vector<std::string> texts;
  for (const merkle::Hash& hash : hashes) texts.push_back(Hex(hash));
  return texts;
}

inline merkle::Hash NaiveLeaf(const std::string& entry) { return merkle::Sha256(std::string(1, '\x00') + entry); }

inline merkle::Hash NaiveNode(const merkle::Hash& left, const merkle::Hash& right) {
  return merkle::Sha256('\x01' + Bytes(left) + Bytes(right));
}

// k of the RFC: the largest power of two smaller than n.
inline size_t NaiveSplit(size_t n) {
  size_t k = 1;
  while (k * 2 < n) k *= 2;
  return k;
}

// D[begin:end].
inline Entries Part(const Entries& entries, size_t begin, size_t end) {
  return Entries(entries.begin() + static_cast<ptrdiff_t>(begin), entries.begin() + static_cast<ptrdiff_t>(end));
}

// MTH(D[n]).
inline merkle::Hash NaiveRoot(const Entries& entries) {
  const size_t n = entries.size();
  if (n == 0) return merkle::Sha256("");
  if (n == 1) return NaiveLeaf(entries[0]);
  const size_t k = NaiveSplit(n);
  return NaiveNode(NaiveRoot(Part(entries, 0, k)), NaiveRoot(Part(entries, k, n)));
}

// PATH(m, D[n]).
inline std::vector<merkle::Hash> NaivePath(size_t m, const Entries& entries) {
  const size_t n = entries.size();
  if (n == 1) return {};
  const size_t k = NaiveSplit(n);
  const bool left = m < k;
  std::vector<merkle::Hash> path = left ? NaivePath(m, Part(entries, 0, k)) : NaivePath(m - k, Part(entries, k, n));
  path.push_back(NaiveRoot(left ? Part(entries, k, n) : Part(entries, 0, k)));
  return path;
}

// SUBPROOF(m, D[n], b), for 0 < m <= n; PROOF(m, D[n]) is the one with b = true.
inline std::vector<merkle::Hash> NaiveSubproof(size_t m, const Entries& entries, bool b = true) {
  const size_t n = entries.size();
  if (m == n) return b ? std::vector<merkle::Hash>{} : std::vector<merkle::Hash>{NaiveRoot(entries)};
  const size_t k = NaiveSplit(n);
  const bool left = m <= k;
  std::vector<merkle::Hash> proof =
      left ? NaiveSubproof(m, Part(entries, 0, k), b) : NaiveSubproof(m - k, Part(entries, k, n), false);
  proof.push_back(NaiveRoot(left ? Part(entries, k, n) : Part(entries, 0, k)));
  return proof;
}

}  // namespace hattama::testing

#endif  // HATTAMA_TESTS_STORAGE_NAIVE_MERKLE_H_
