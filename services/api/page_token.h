// Page tokens: opaque to clients, and bound to the query and the versions of the first page.
//
// Bytes, then base64url without padding:
//   1  format version, now 1
//   8  fingerprint of the query: the first bytes of SHA-256(method || 0x00 || request without its page fields)
//   8  tree_size, big-endian; of the left side in a diff
//   8  tree_size of the right side, else 0
//   8  offset, big-endian: what it counts is the method's own business
//   4  checksum: the first bytes of SHA-256 over all of the above
// 37 bytes, so 50 characters. The checksum finds damage, not malice: a forged token names a page that its maker might
// have asked for anyway.
#ifndef HATTAMA_SERVICES_API_PAGE_TOKEN_H_
#define HATTAMA_SERVICES_API_PAGE_TOKEN_H_

#include <cstdint>
#include <string>
#include <string_view>

#include "absl/status/statusor.h"
#include "google/protobuf/message.h"

namespace hattama::api {

struct PageToken {
  int64_t tree_size = 0;
  int64_t right_tree_size = 0;
  int64_t offset = 0;

  friend bool operator==(const PageToken&, const PageToken&) = default;
};

// Tells queries apart. `request` has fields page_size and page_token, which are left out.
uint64_t QueryFingerprint(std::string_view method, const google::protobuf::Message& request);

std::string EncodePageToken(uint64_t fingerprint, const PageToken& token);

// InvalidArgument where `text` is no token, is damaged, or belongs to another query.
absl::StatusOr<PageToken> DecodePageToken(uint64_t fingerprint, std::string_view text);

// The page size to use: `otherwise` for 0. InvalidArgument for a negative one or one above `max`.
absl::StatusOr<int32_t> PageSize(int32_t asked, int32_t otherwise, int32_t max);

}  // namespace hattama::api

#endif  // HATTAMA_SERVICES_API_PAGE_TOKEN_H_
