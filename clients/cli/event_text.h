// An event of the log in one line, for people.
#ifndef HATTAMA_CLIENTS_CLI_EVENT_TEXT_H_
#define HATTAMA_CLIENTS_CLI_EVENT_TEXT_H_

#include <string>

#include "hattama/v1/record.pb.h"

namespace hattama::cli {

std::string EventText(const v1::Submission& submission);

}  // namespace hattama::cli

#endif  // HATTAMA_CLIENTS_CLI_EVENT_TEXT_H_
