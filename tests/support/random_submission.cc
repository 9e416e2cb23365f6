#include "tests/support/random_submission.h"

#include <set>
#include <string>
#include <vector>

#include "google/protobuf/descriptor.h"
#include "google/protobuf/message.h"
#include "storage/merkle/sha256.h"

namespace hattama::testing {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::EnumDescriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::OneofDescriptor;
using google::protobuf::Reflection;

uint64_t Below(std::mt19937_64& random, uint64_t end) { return random() % end; }

std::string RandomText(std::mt19937_64& random) {
  static const char* const kTexts[] = {"", "a", "M-01", "Қазақстан", "президент", "a \"quoted\", text", "𝟘", "0412"};
  return kTexts[Below(random, std::size(kTexts))];
}

std::string RandomBytes(std::mt19937_64& random, size_t size) {
  std::string bytes(size, '\0');
  for (char& byte : bytes) byte = static_cast<char>(random());
  return bytes;
}

int64_t RandomNumber(std::mt19937_64& random) {
  static const int64_t kNumbers[] = {0, 1, -1, 2, 300, 999'999'999, INT64_MAX, INT64_MIN};
  return kNumbers[Below(random, std::size(kNumbers))];
}

// LINE_MEANING_UNSPECIFIED is a meaning of its own; every other enum wants one of its named values.
int RandomEnum(const EnumDescriptor& type, std::mt19937_64& random) {
  const int first = type.name() == "LineMeaning" ? 0 : 1;
  return type.value(first + static_cast<int>(Below(random, type.value_count() - first)))->number();
}

// The parts that are always there; the others may be absent.
bool IsRequired(const FieldDescriptor& field) {
  static const std::set<std::string> kRequired = {"ratio", "share", "condition"};
  return kRequired.contains(field.name());
}

void Fill(Message& message, std::mt19937_64& random);

void FillTime(Message& time, std::mt19937_64& random) {
  const Descriptor& type = *time.GetDescriptor();
  const int64_t span = 253'402'300'799 + 62'135'596'800;
  time.GetReflection()->SetInt64(&time, type.FindFieldByName("seconds"),
                                 static_cast<int64_t>(Below(random, span + 1)) - 62'135'596'800);
  time.GetReflection()->SetInt32(&time, type.FindFieldByName("nanos"),
                                 static_cast<int32_t>(Below(random, 1'000'000'000)));
}

void FillField(Message& message, const FieldDescriptor& field, std::mt19937_64& random) {
  const Reflection& reflection = *message.GetReflection();
  const bool repeated = field.is_repeated();
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_MESSAGE: {
      Message& part =
          repeated ? *reflection.AddMessage(&message, &field) : *reflection.MutableMessage(&message, &field);
      Fill(part, random);
      return;
    }
    case FieldDescriptor::CPPTYPE_STRING: {
      std::string value = RandomText(random);
      if (field.type() == FieldDescriptor::TYPE_BYTES)
        value = RandomBytes(random, field.name() == "submission_id" ? 16 : 32);
      repeated ? reflection.AddString(&message, &field, value) : reflection.SetString(&message, &field, value);
      return;
    }
    case FieldDescriptor::CPPTYPE_ENUM: {
      const int value = RandomEnum(*field.enum_type(), random);
      repeated ? reflection.AddEnumValue(&message, &field, value) : reflection.SetEnumValue(&message, &field, value);
      return;
    }
    case FieldDescriptor::CPPTYPE_INT64: {
      const int64_t value = RandomNumber(random);
      repeated ? reflection.AddInt64(&message, &field, value) : reflection.SetInt64(&message, &field, value);
      return;
    }
    case FieldDescriptor::CPPTYPE_BOOL:
      reflection.SetBool(&message, &field, Below(random, 2) == 1);
      return;
    default:
      GOOGLE_LOG(FATAL) << field.full_name() << ": no value of this type is made here yet";
  }
}

void Fill(Message& message, std::mt19937_64& random) {
  const Descriptor& type = *message.GetDescriptor();
  if (type.full_name() == "google.protobuf.Timestamp") return FillTime(message, random);
  for (int i = 0; i < type.field_count(); ++i) {
    const FieldDescriptor& field = *type.field(i);
    if (field.real_containing_oneof() != nullptr) continue;
    if (field.is_repeated()) {
      for (uint64_t left = Below(random, 4); left > 0; --left) FillField(message, field, random);
    } else if (!field.has_presence() || IsRequired(field) || Below(random, 2) == 1) {
      FillField(message, field, random);
    }
  }
  for (int i = 0; i < type.real_oneof_decl_count(); ++i) {
    const OneofDescriptor& oneof = *type.oneof_decl(i);
    FillField(message, *oneof.field(static_cast<int>(Below(random, oneof.field_count()))), random);
  }
}

const OneofDescriptor& EventOneof() { return *v1::Submission::descriptor()->FindOneofByName("event"); }

// What follows from other fields, and views, of which everything is required.
void Complete(v1::Submission& submission) {
  if (!submission.has_tally_published()) return;
  v1::TallyPublished& published = *submission.mutable_tally_published();
  const merkle::Hash digest = merkle::Sha256(published.statement());
  published.set_digest(digest.data(), digest.size());
  if (!published.has_view()) {
    published.mutable_view()->set_policy(v1::POLICY_FINAL_ONLY);
    published.mutable_view()->set_basis(v1::BASIS_STATIONS);
  }
}

}  // namespace

v1::Submission RandomSubmission(std::mt19937_64& random) {
  v1::Submission submission;
  Fill(submission, random);
  Complete(submission);
  return submission;
}

v1::Submission RandomSubmissionOf(v1::Submission::EventCase event, std::mt19937_64& random) {
  v1::Submission submission;
  Fill(submission, random);
  const FieldDescriptor& field = *v1::Submission::descriptor()->FindFieldByNumber(event);
  if (submission.event_case() != event) FillField(submission, field, random);
  Complete(submission);
  return submission;
}

std::vector<v1::Submission::EventCase> EveryEventCase() {
  std::vector<v1::Submission::EventCase> cases;
  for (int i = 0; i < EventOneof().field_count(); ++i) {
    cases.push_back(static_cast<v1::Submission::EventCase>(EventOneof().field(i)->number()));
  }
  return cases;
}

}  // namespace hattama::testing
