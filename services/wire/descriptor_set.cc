#include "services/wire/descriptor_set.h"

#include <set>

#include "google/protobuf/descriptor.h"
#include "google/protobuf/descriptor.pb.h"
#include "google/protobuf/io/coded_stream.h"
#include "google/protobuf/io/zero_copy_stream_impl_lite.h"
#include "hattama/v1/record.pb.h"

namespace hattama::wire {
namespace {

void AddWithImports(const google::protobuf::FileDescriptor& file, std::set<std::string>& added,
                    google::protobuf::FileDescriptorSet& set) {
  if (!added.insert(file.name()).second) return;
  for (int i = 0; i < file.dependency_count(); ++i) AddWithImports(*file.dependency(i), added, set);
  google::protobuf::FileDescriptorProto& proto = *set.add_file();
  file.CopyTo(&proto);
  file.CopyJsonNameTo(&proto);  // As protoc writes it, so that readers need not derive the names.
}

}  // namespace

std::string StoredDescriptorSet() {
  google::protobuf::FileDescriptorSet set;
  std::set<std::string> added;
  AddWithImports(*v1::Record::descriptor()->file(), added, set);
  std::string bytes;
  {
    google::protobuf::io::StringOutputStream stream(&bytes);
    google::protobuf::io::CodedOutputStream coded(&stream);
    coded.SetSerializationDeterministic(true);
    set.SerializeToCodedStream(&coded);
  }
  return bytes;
}

}  // namespace hattama::wire
