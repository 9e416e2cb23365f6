// The schema of stored records as bytes, so that a copy of the log can be read without this program.
#ifndef HATTAMA_SERVICES_WIRE_DESCRIPTOR_SET_H_
#define HATTAMA_SERVICES_WIRE_DESCRIPTOR_SET_H_

#include <string>

namespace hattama::wire {

// A serialised google.protobuf.FileDescriptorSet of record.proto and all that it imports, imported files first, without
// comments. The same bytes in every run of one build.
std::string StoredDescriptorSet();

}  // namespace hattama::wire

#endif  // HATTAMA_SERVICES_WIRE_DESCRIPTOR_SET_H_
