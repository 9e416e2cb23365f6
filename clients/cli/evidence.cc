#include "clients/cli/evidence.h"

#include <filesystem>

#include "absl/strings/ascii.h"
#include "clients/cli/text_file.h"
#include "storage/merkle/sha256.h"

namespace hattama::cli {
namespace {

std::string MediaType(const std::string& extension) {
  if (extension == ".jpg" || extension == ".jpeg") return "image/jpeg";
  if (extension == ".png") return "image/png";
  if (extension == ".tif" || extension == ".tiff") return "image/tiff";
  if (extension == ".pdf") return "application/pdf";
  if (extension == ".mp4") return "video/mp4";
  return "application/octet-stream";
}

}  // namespace

absl::Status AddEvidence(const std::vector<std::string>& paths,
                         google::protobuf::RepeatedPtrField<v1::EvidenceDigest>& evidence) {
  for (const std::string& path : paths) {
    absl::StatusOr<std::string> bytes = ReadBytes(path);
    if (!bytes.ok()) return bytes.status();
    const merkle::Hash digest = merkle::Sha256(*bytes);
    v1::EvidenceDigest& entry = *evidence.Add();
    entry.set_sha256(digest.data(), digest.size());
    const std::filesystem::path name(path);
    entry.set_media_type(MediaType(absl::AsciiStrToLower(name.extension().string())));
    entry.set_label(name.filename().string());
  }
  return absl::OkStatus();
}

}  // namespace hattama::cli
