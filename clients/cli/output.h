// Where answers are written, and what many of them have in common.
#ifndef HATTAMA_CLIENTS_CLI_OUTPUT_H_
#define HATTAMA_CLIENTS_CLI_OUTPUT_H_

#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "clients/cli/session.h"
#include "clients/cli/table.h"
#include "hattama/v1/tally.pb.h"
#include "nlohmann/json.hpp"

namespace hattama::cli {

// Writes to standard output. A reader that went away ends the program as it ends others.
void Print(std::string_view text);
// A JSON document on one line.
void PrintJson(const nlohmann::ordered_json& document);
void PrintTable(const Session& session, const Table& table);
// A heading, bold where colours are shown.
void PrintHeading(const Session& session, std::string_view text);
// A line that says what an answer cannot, dim where colours are shown.
void PrintAside(const Session& session, std::string_view text);

// A row of CSV, quoted where it must be (RFC 4180, lines end in a line feed).
void PrintCsv(const std::vector<std::string>& cells);
// A cell of a count; empty where there is none.
std::string CsvCount(bool has, int64_t count);

// "version 52,345 of 2026-11-23 14:05:11 UTC, root 5f70bf18…".
std::string AsOfText(const v1::AsOf& as_of);

// Words and tone of an outcome, for example "decided: AMANAT".
Cell OutcomeCell(const v1::Outcome& outcome);

// UsageError where --format=csv is asked for and the verb has no rows.
absl::Status RequireNoCsv(const Session& session, std::string_view verb);

// Asks page after page until `limit` items (0: all) are there. `ask` sets the page size and token of the request;
// `items` gives the repeated field of an answer. The first answer is returned with all items; its token says whether
// there are more.
template <class Request, class Response, class Ask, class Items>
absl::StatusOr<Response> AllPages(Request request, int64_t limit, int32_t page_size_max, const Ask& ask,
                                  const Items& items) {
  Response all;
  bool first = true;
  do {
    const int64_t missing = limit - (first ? 0 : items(all)->size());
    request.set_page_size(static_cast<int32_t>(limit == 0 || missing > page_size_max ? page_size_max : missing));
    absl::StatusOr<Response> page = ask(request);
    if (!page.ok()) return page.status();
    if (first) {
      all = *std::move(page);
    } else {
      for (auto& item : *items(*page)) items(all)->Add(std::move(item));
      all.set_next_page_token(page->next_page_token());
    }
    first = false;
    request.set_page_token(all.next_page_token());
  } while (!all.next_page_token().empty() && (limit == 0 || items(all)->size() < limit));
  return all;
}

}  // namespace hattama::cli

#endif  // HATTAMA_CLIENTS_CLI_OUTPUT_H_
