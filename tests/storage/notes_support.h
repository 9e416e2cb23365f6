// Keys and random changes for tests of the text formats of storage/merkle.
#ifndef HATTAMA_TESTS_STORAGE_NOTES_SUPPORT_H_
#define HATTAMA_TESTS_STORAGE_NOTES_SUPPORT_H_

#include <cstdint>
#include <cstdlib>
#include <iostream>
#include <random>
#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "storage/merkle/ed25519.h"
#include "storage/merkle/signed_note.h"

namespace hattama::testing {

// A key that is the same in every run: its seed is 32 times one byte.
inline merkle::SigningKey KeyOf(uint8_t number) {
  merkle::Seed seed;
  seed.fill(number);
  return merkle::SigningKey::FromSeed(seed);
}

inline merkle::NoteKey NoteKeyOf(std::string_view name, uint8_t type, uint8_t number) {
  return merkle::MakeNoteKey(name, type, KeyOf(number).public_key()).value();
}

inline merkle::NamedSigningKey Named(std::string_view name, uint8_t number) {
  return {std::string(name), KeyOf(number)};
}

inline std::string MessageOf(const absl::Status& status) { return std::string(status.message()); }

template <typename T>
std::string MessageOf(const absl::StatusOr<T>& result) {
  return MessageOf(result.status());
}

// Random numbers from $HATTAMA_SEED, or from the system's where it is not set; the seed is printed to be given back.
class SeededRandom {
 public:
  SeededRandom() {
    const char* given = std::getenv("HATTAMA_SEED");
    seed_ = given != nullptr ? std::strtoull(given, nullptr, 10) : std::random_device()();
    std::cout << "HATTAMA_SEED=" << seed_ << std::endl;
    random_.seed(seed_);
  }

  uint64_t seed() const { return seed_; }
  // 0 <= result < bound.
  size_t Below(size_t bound) { return std::uniform_int_distribution<size_t>(0, bound - 1)(random_); }

  // One to three changes such as a broken copy or a curious person makes.
  std::string Changed(std::string text) {
    for (size_t changes = 1 + Below(3); changes > 0; --changes) {
      const size_t at = Below(text.size() + 1);
      switch (Below(6)) {
        case 0:
          if (at < text.size()) text[at] = static_cast<char>(Below(256));
          break;
        case 1:
          if (at < text.size()) text[at] = static_cast<char>(text[at] ^ (1 << Below(8)));
          break;
        case 2:
          text.erase(at, 1 + Below(20));
          break;
        case 3:
          text.insert(at, 1 + Below(3), static_cast<char>(Below(256)));
          break;
        case 4:
          text.insert(at, text.substr(Below(text.size() + 1), Below(60)));
          break;
        default:
          text.insert(at, 1, "\n +0=x/\t"[Below(8)]);
          break;
      }
    }
    return text;
  }

 private:
  uint64_t seed_;
  std::mt19937_64 random_;
};

}  // namespace hattama::testing

#endif  // HATTAMA_TESTS_STORAGE_NOTES_SUPPORT_H_
