#include "clients/cli/message_json.h"

#include <algorithm>
#include <vector>

#include "absl/strings/str_cat.h"
#include "absl/strings/str_join.h"
#include "google/protobuf/descriptor.h"
#include "google/protobuf/util/json_util.h"

namespace hattama::cli {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using nlohmann::json;

absl::string_view Absl(std::string_view text) { return {text.data(), text.size()}; }

std::string Child(const std::string& path, absl::string_view name) {
  return path.empty() ? std::string(name) : absl::StrCat(path, ".", name);
}

void CheckObject(const json& value, const Descriptor& type, const std::string& path, std::vector<std::string>& faults);

void CheckValue(const json& value, const FieldDescriptor& field, const std::string& path,
                std::vector<std::string>& faults) {
  if (value.is_null()) return;
  const auto fault = [&](absl::string_view wanted) {
    faults.push_back(absl::StrCat(path, ": ", value.dump(-1, ' ', false, json::error_handler_t::replace).substr(0, 60),
                                  " is no ", wanted));
  };
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_MESSAGE:
      if (field.message_type()->full_name() == "google.protobuf.Timestamp") {
        if (!value.is_string()) fault("moment like \"2023-03-19T20:00:00Z\"");
      } else {
        CheckObject(value, *field.message_type(), path, faults);
      }
      return;
    case FieldDescriptor::CPPTYPE_STRING:
      if (!value.is_string()) fault("text");
      return;
    case FieldDescriptor::CPPTYPE_BOOL:
      if (!value.is_boolean()) fault("true or false");
      return;
    case FieldDescriptor::CPPTYPE_ENUM:
      if (!value.is_string() || field.enum_type()->FindValueByName(value.get<std::string>()) == nullptr) {
        std::vector<std::string> names;
        for (int i = 1; i < field.enum_type()->value_count(); ++i) names.push_back(field.enum_type()->value(i)->name());
        fault(absl::StrCat("value of ", field.enum_type()->name(), ", which are ", absl::StrJoin(names, ", ")));
      }
      return;
    default: {
      const bool whole_number = value.is_number_integer();
      bool digits = false;
      if (value.is_string()) {
        int64_t number = 0;
        digits = absl::SimpleAtoi(value.get<std::string>(), &number);
      }
      if (!whole_number && !digits) fault("whole number");
      if (value.is_number_unsigned() && value.get<uint64_t>() > static_cast<uint64_t>(INT64_MAX))
        fault("64-bit number");
    }
  }
}

void CheckObject(const json& value, const Descriptor& type, const std::string& path, std::vector<std::string>& faults) {
  if (!value.is_object()) {
    faults.push_back(absl::StrCat(path.empty() ? "the document" : path, ": is no object"));
    return;
  }
  for (const auto& [name, inner] : value.items()) {
    const FieldDescriptor* field = type.FindFieldByName(name);
    if (field == nullptr) field = type.FindFieldByCamelcaseName(name);
    const std::string child = Child(path, name);
    if (field == nullptr) {
      faults.push_back(absl::StrCat(child, ": unknown field of ", type.name()));
    } else if (!field->is_repeated()) {
      CheckValue(inner, *field, child, faults);
    } else if (!inner.is_array()) {
      faults.push_back(absl::StrCat(child, ": is no list"));
    } else {
      for (size_t i = 0; i < inner.size(); ++i) CheckValue(inner[i], *field, absl::StrCat(child, "[", i, "]"), faults);
    }
  }
}

}  // namespace

std::string ToJson(const google::protobuf::Message& message) {
  google::protobuf::util::JsonPrintOptions options;
  options.always_print_primitive_fields = true;
  options.preserve_proto_field_names = true;
  std::string text;
  // Fails for invalid Any values alone, and our messages have none.
  (void)google::protobuf::util::MessageToJsonString(message, &text, options);
  return text;
}

nlohmann::ordered_json ToJsonDocument(const google::protobuf::Message& message) {
  return nlohmann::ordered_json::parse(ToJson(message), nullptr, /*allow_exceptions=*/false);
}

absl::Status ParseJson(std::string_view text, std::string_view what, json& document) {
  // The one place where the JSON library's exceptions are met: they alone say where the text is wrong.
  try {
    document = json::parse(text);
  } catch (const json::parse_error& error) {
    const size_t at = std::min<size_t>(error.byte == 0 ? 0 : error.byte - 1, text.size());
    const auto line = 1 + std::count(text.begin(), text.begin() + at, '\n');
    const size_t line_start = at == 0 ? std::string_view::npos : text.rfind('\n', at - 1);
    const size_t column = line_start == std::string_view::npos ? at + 1 : at - line_start;
    return absl::InvalidArgumentError(absl::StrCat(Absl(what), ":", line, ":", column, ": is no JSON here"));
  } catch (const json::out_of_range&) {
    return absl::InvalidArgumentError(absl::StrCat(Absl(what), ": a number is too large for any count"));
  }
  return absl::OkStatus();
}

absl::Status FromJson(std::string_view text, std::string_view what, google::protobuf::Message& message) {
  json document;
  if (absl::Status parsed = ParseJson(text, what, document); !parsed.ok()) return parsed;
  std::vector<std::string> faults;
  CheckObject(document, *message.GetDescriptor(), "", faults);
  if (!faults.empty()) {
    for (std::string& fault : faults) fault = absl::StrCat(Absl(what), ": ", fault);
    return absl::InvalidArgumentError(absl::StrJoin(faults, "\n"));
  }
  const auto status = google::protobuf::util::JsonStringToMessage(std::string(text), &message);
  if (!status.ok()) {
    const auto told = status.message();
    return absl::InvalidArgumentError(absl::StrCat(Absl(what), ": ", std::string(told.data(), told.size())));
  }
  return absl::OkStatus();
}

}  // namespace hattama::cli
