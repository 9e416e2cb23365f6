#include "services/api/page_token.h"

#include <cstddef>
#include <memory>

#include "absl/status/status.h"
#include "absl/strings/escaping.h"
#include "absl/strings/str_cat.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/io/coded_stream.h"
#include "google/protobuf/io/zero_copy_stream_impl_lite.h"
#include "services/domain/text.h"
#include "storage/merkle/sha256.h"

namespace hattama::api {
namespace {

constexpr char kFormatVersion = 1;
constexpr size_t kBodyBytes = 1 + 4 * 8;
constexpr size_t kChecksumBytes = 4;

void AppendBigEndian(uint64_t value, std::string& out) {
  for (int shift = 56; shift >= 0; shift -= 8) out += static_cast<char>(value >> shift & 0xFF);
}

uint64_t ReadBigEndian(std::string_view bytes) {
  uint64_t value = 0;
  for (const char byte : bytes.substr(0, 8)) value = value << 8 | static_cast<unsigned char>(byte);
  return value;
}

std::string Checksum(std::string_view body) {
  const merkle::Hash hash = merkle::Sha256(body);
  return std::string(hash.begin(), hash.begin() + kChecksumBytes);
}

}  // namespace

uint64_t QueryFingerprint(std::string_view method, const google::protobuf::Message& request) {
  const std::unique_ptr<google::protobuf::Message> query(request.New());
  query->CopyFrom(request);
  for (const char* name : {"page_size", "page_token"}) {
    if (const auto* field = query->GetDescriptor()->FindFieldByName(name)) {
      query->GetReflection()->ClearField(query.get(), field);
    }
  }
  std::string bytes(method);
  bytes += '\0';
  {
    google::protobuf::io::StringOutputStream stream(&bytes);
    google::protobuf::io::CodedOutputStream coded(&stream);
    coded.SetSerializationDeterministic(true);
    query->SerializeToCodedStream(&coded);
  }
  const merkle::Hash hash = merkle::Sha256(bytes);
  return ReadBigEndian(std::string_view(reinterpret_cast<const char*>(hash.data()), hash.size()));
}

std::string EncodePageToken(uint64_t fingerprint, const PageToken& token) {
  std::string body(1, kFormatVersion);
  AppendBigEndian(fingerprint, body);
  AppendBigEndian(static_cast<uint64_t>(token.tree_size), body);
  AppendBigEndian(static_cast<uint64_t>(token.right_tree_size), body);
  AppendBigEndian(static_cast<uint64_t>(token.offset), body);
  return absl::WebSafeBase64Escape(body + Checksum(body));
}

absl::StatusOr<PageToken> DecodePageToken(uint64_t fingerprint, std::string_view text) {
  std::string bytes;
  // One spelling for each token: bits behind the last byte are zero.
  if (!absl::WebSafeBase64Unescape(domain::Text(text), &bytes) || bytes.size() != kBodyBytes + kChecksumBytes ||
      absl::WebSafeBase64Escape(bytes) != domain::Text(text)) {
    return absl::InvalidArgumentError("page_token: this is no page token of this service");
  }
  const std::string_view body = std::string_view(bytes).substr(0, kBodyBytes);
  if (bytes.substr(kBodyBytes) != Checksum(body)) {
    return absl::InvalidArgumentError("page_token: the token is damaged: its checksum does not match");
  }
  if (body[0] != kFormatVersion) {
    return absl::InvalidArgumentError(
        absl::StrCat("page_token: the token has format version ", static_cast<int>(body[0]), ", expected 1"));
  }
  if (ReadBigEndian(body.substr(1)) != fingerprint) {
    return absl::InvalidArgumentError(
        "page_token: the token belongs to another query; only page_size may change between pages");
  }
  PageToken token;
  token.tree_size = static_cast<int64_t>(ReadBigEndian(body.substr(9)));
  token.right_tree_size = static_cast<int64_t>(ReadBigEndian(body.substr(17)));
  token.offset = static_cast<int64_t>(ReadBigEndian(body.substr(25)));
  if (token.tree_size < 0 || token.right_tree_size < 0 || token.offset < 0) {
    return absl::InvalidArgumentError("page_token: the token holds a negative number");
  }
  return token;
}

absl::StatusOr<int32_t> PageSize(int32_t asked, int32_t otherwise, int32_t max) {
  if (asked < 0 || asked > max) {
    return absl::InvalidArgumentError(absl::StrCat("page_size: ", asked, " is outside 0..", max));
  }
  return asked == 0 ? otherwise : asked;
}

}  // namespace hattama::api
