#include "services/wire/descriptor_set.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>

#include "google/protobuf/descriptor.h"
#include "google/protobuf/descriptor.pb.h"
#include "google/protobuf/dynamic_message.h"
#include "hattama/v1/record.pb.h"

namespace hattama::wire {
namespace {

TEST(DescriptorSetTest, IsEnoughToReadARecordWithoutThisProgram) {
  v1::Record record;
  record.set_sequence(4711);
  record.mutable_record_time()->set_seconds(1'700'000'000);
  v1::Submission submission;
  submission.mutable_protocol_submitted()->set_unit_id("0412");
  record.set_submission(submission.SerializeAsString());

  google::protobuf::FileDescriptorSet set;
  ASSERT_TRUE(set.ParseFromString(StoredDescriptorSet()));
  google::protobuf::DescriptorPool pool;  // Knows nothing but what the set says.
  for (const auto& file : set.file()) ASSERT_NE(pool.BuildFile(file), nullptr) << file.name();
  google::protobuf::DynamicMessageFactory factory(&pool);
  const auto read = [&](const char* name, const std::string& bytes) {
    const auto* descriptor = pool.FindMessageTypeByName(name);
    if (descriptor == nullptr) return std::string("no such message");
    const std::unique_ptr<google::protobuf::Message> message(factory.GetPrototype(descriptor)->New());
    return message->ParseFromString(bytes) ? message->ShortDebugString() : "not parsed";
  };

  EXPECT_NE(read("hattama.v1.Record", record.SerializeAsString()).find("sequence: 4711"), std::string::npos);
  EXPECT_EQ(read("hattama.v1.Submission", record.submission()), "protocol_submitted { unit_id: \"0412\" }");
}

TEST(DescriptorSetTest, IsTheSameEachTime) { EXPECT_EQ(StoredDescriptorSet(), StoredDescriptorSet()); }

}  // namespace
}  // namespace hattama::wire
