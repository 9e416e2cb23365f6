// A directory of the test's own that is gone afterwards.
#ifndef HATTAMA_TESTS_STORAGE_TEMPORARY_DIRECTORY_H_
#define HATTAMA_TESTS_STORAGE_TEMPORARY_DIRECTORY_H_

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <string>
#include <system_error>

namespace hattama::testing {

class TemporaryDirectory {
 public:
  // The prefix appears in the path, for tests in which that matters.
  explicit TemporaryDirectory(const std::string& prefix = "hattama") {
    std::string pattern = ::testing::TempDir() + prefix + "-XXXXXX";
    if (::mkdtemp(pattern.data()) == nullptr) std::abort();  // Nothing below would make sense.
    path_ = pattern;
  }
  ~TemporaryDirectory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TemporaryDirectory(const TemporaryDirectory&) = delete;
  TemporaryDirectory& operator=(const TemporaryDirectory&) = delete;

  const std::string& path() const { return path_; }
  // A name inside that does not exist yet.
  std::string operator/(const std::string& name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

}  // namespace hattama::testing

#endif  // HATTAMA_TESTS_STORAGE_TEMPORARY_DIRECTORY_H_
