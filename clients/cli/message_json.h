// Protobuf JSON, with field names as in the .proto files and every field written.
#ifndef HATTAMA_CLIENTS_CLI_MESSAGE_JSON_H_
#define HATTAMA_CLIENTS_CLI_MESSAGE_JSON_H_

#include <string>
#include <string_view>

#include "absl/status/status.h"
#include "google/protobuf/message.h"
#include "nlohmann/json.hpp"

namespace hattama::cli {

// One line. 64-bit integers are texts and bytes are base64, as protobuf JSON has them.
std::string ToJson(const google::protobuf::Message& message);

// The same as a document that other fields can be added to; keys keep the order of the message.
nlohmann::ordered_json ToJsonDocument(const google::protobuf::Message& message);

// Fills `message` from a JSON document. InvalidArgument names `what` (a path or a title) and every field that is
// unknown or of another type, each with its path; for text that is no JSON the line and column.
absl::Status FromJson(std::string_view text, std::string_view what, google::protobuf::Message& message);

// Parses any JSON. InvalidArgument names `what`, line and column.
absl::Status ParseJson(std::string_view text, std::string_view what, nlohmann::json& document);

}  // namespace hattama::cli

#endif  // HATTAMA_CLIENTS_CLI_MESSAGE_JSON_H_
